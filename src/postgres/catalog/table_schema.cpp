#include "postgres/catalog/table_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "model/column.h"
#include "postgres/catalog/fingerprint.h"
#include "postgres/values/values.h"

namespace walbrook::postgres {
namespace {

// `in_key` is determined as for pgoutput's Relation message. Under FULL every column belongs to the key. An index
// counts only if it is valid, unique, not partial and not deferrable (RelationGetIndexList). INCLUDE columns do not
// belong to the key.
constexpr auto columns_query = R"(
SELECT a.attname, a.atttypid, a.atttypmod, a.attgenerated <> '',
  c.relreplident = 'f' OR EXISTS (
    SELECT FROM pg_catalog.pg_index i
    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL
      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
      AND a.attnum = ANY ((string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts])),
  c.relreplident
FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = $1
ORDER BY a.attnum
)";

// attmissingval is an array of one element. The array of a type with another delimiter than the comma is not read.
// ADD COLUMN gives all partitions the same value.
constexpr auto missing_values = R"(
SELECT attname, min(value[1])
FROM (SELECT a.attname, a.attmissingval::text::text[] AS value FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.atthasmissing) AS missing
WHERE pg_catalog.cardinality(value) = 1
GROUP BY attname HAVING count(DISTINCT value[1]) = 1
)";

bool has_missing_values(const SourceTable& table) {
  return std::ranges::any_of(parse_fingerprint(table.fingerprint).columns, &Fingerprint::Column::has_missing);
}

// Text that is not UTF-8 is not converted here: its values are left out.
std::map<std::string, std::shared_ptr<const Column>> read_missing_values(Connection& connection,
                                                                         const SourceTable& table, TypeCatalog& types,
                                                                         const ValueLimits& limits) {
  std::map<std::string, std::shared_ptr<const Column>> values;
  if (connection.encoding() != nullptr || !has_missing_values(table)) return values;
  const auto rows = connection.query(missing_values, {fmt::format("{{{}}}", fmt::join(table.members, ","))},
                                     fmt::format("reading the defaults of {}.{}", table.schema, table.name));
  for (int row = 0; row < rows.size(); ++row) {
    const auto* column = table.described->find(rows.text(row, 0));
    if (column == nullptr) continue;
    const auto parse = parsers_for(types.find(column->type_oid), column->type).text;
    auto value = std::make_shared<Column>(column->type);
    if (parse == nullptr || parse(rows.text(row, 1), {.limits = limits}, *value) != ParseStatus::ok) continue;
    if (value->overflow().empty()) values.emplace(column->name, std::move(value));
  }
  return values;
}

}  // namespace

TableSchema read_table_schema(Connection& connection, const SourceTable& table, TypeCatalog& types,
                              const ValueLimits& limits) {
  const auto rows = connection.query(columns_query, {std::to_string(table.oid)},
                                     fmt::format("reading the columns of {}.{}", table.schema, table.name));
  if (rows.size() == 0) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("table {}.{} does not exist any more", table.schema, table.name));
  }
  TableSchema schema{.oid = table.oid,
                     .schema = table.schema,
                     .name = table.name,
                     .identity = static_cast<ReplicaIdentity>(rows.text(0, 5).at(0)),
                     .columns = {}};
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.is_null(row, 0)) continue;  // a table without columns
    auto name = rows.text(row, 0);
    // Generated columns are published only if a list names them (18 and later).
    const bool published = table.published_columns.empty()
                               ? !rows.boolean(row, 3)
                               : std::ranges::find(table.published_columns, name) != table.published_columns.end();
    if (!published) continue;
    const auto oid = rows.oid(row, 1);
    const auto typmod = static_cast<std::int32_t>(rows.integer(row, 2));
    const auto type = types.find(oid);
    schema.columns.push_back({.name = std::move(name),
                              .type_oid = oid,
                              .typmod = typmod,
                              .in_key = rows.boolean(row, 4),
                              .type = physical_type(type, typmod, limits),
                              .binary = false});
    auto& column = schema.columns.back();
    column.binary = has_binary_parser(type, column.type);
  }
  table.row_identity.rows.apply(schema);
  apply_overrides(schema, table.overrides);
  return schema;
}

void describe_new(Connection& connection, std::vector<SourceTable>& tables, TypeCatalog& types,
                  const ValueLimits& limits, const std::function<bool(const SourceTable&)>& is_new) {
  for (auto& table : tables) {
    if (!is_new(table)) continue;
    try {
      table.described = std::make_shared<const TableSchema>(read_table_schema(connection, table, types, limits));
      table.missing = read_missing_values(connection, table, types, limits);
    } catch (const Stopped&) {
      throw;
    } catch (const Error& failed) {
      if (failed.kind() != ErrorKind::source_not_ready) throw;  // the table is gone
    }
  }
}

}  // namespace walbrook::postgres
