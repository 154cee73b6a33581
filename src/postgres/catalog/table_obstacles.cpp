#include "postgres/catalog/table_obstacles.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/publication_list.h"
#include "postgres/catalog/partition_tree.h"

namespace walbrook::postgres {
namespace {

// Selects one row per table. Columns without SELECT are looked for only if the table as a whole has no SELECT.
constexpr auto rights_query = R"(
SELECT c.oid, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.row_security_active(c.oid),
  CASE WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN NULL ELSE
    (SELECT pg_catalog.json_object_agg(a.attname, a.attgenerated <> '') FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')) END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::oid[])
)";

// Selects partitions that are sent with their own filter or columns, while their root is copied whole.
constexpr auto filtered_query = R"(
SELECT tree.root, c.oid::pg_catalog.regclass::text, p.pubname
FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind <> 'p'
  JOIN pg_catalog.pg_publication_rel pr ON pr.prrelid = c.oid JOIN pg_catalog.pg_publication p ON p.oid = pr.prpubid
WHERE p.pubname = ANY ($2::pg_catalog.name[])
  AND (pg_catalog.to_jsonb(pr) ->> 'prqual' IS NOT NULL OR pg_catalog.to_jsonb(pr) ->> 'prattrs' IS NOT NULL)
ORDER BY tree.root, 2, p.pubname
)";

bool is_copied(const SourceTable& table, const std::string& column, bool generated) {
  if (table.published_columns.empty()) return !generated;
  return std::ranges::find(table.published_columns, column) != table.published_columns.end();
}

// Returns the obstacle that `row` of rights_query describes.
TableObstacle unreadable_by(const Connection& catalog, const SourceTable& table, const Rows& rows, int row) {
  const auto name = table.full_name();
  const auto user = catalog.quote_name(catalog.user());
  if (!rows.boolean(row, 1)) {
    return {
        .reason = fmt::format("role {} lacks USAGE on schema {}", catalog.user(), table.schema),
        .remedy = fmt::format("As its owner: GRANT USAGE ON SCHEMA {} TO {};", catalog.quote_name(table.schema), user)};
  }
  if (!rows.is_null(row, 3)) {
    const auto missing = nlohmann::json::parse(rows.json(row, 3));
    const bool lacks = std::ranges::any_of(missing.items(), [&table](const auto& column) {
      return is_copied(table, column.key(), column.value().template get<bool>());
    });
    if (lacks) {
      return {.reason = fmt::format("role {} may not read {}", catalog.user(), name),
              .remedy = fmt::format("As its owner: GRANT SELECT ON {} TO {};",
                                    catalog.quote_table(table.schema, table.name), user)};
    }
  }
  if (rows.boolean(row, 2)) {
    return {.reason = fmt::format("row-level security hides rows of {} from role {}", name, catalog.user()),
            .remedy = fmt::format("As a superuser: ALTER ROLE {} BYPASSRLS;", user)};
  }
  return {};
}

}  // namespace

void read_obstacles(Connection& catalog, std::vector<SourceTable>& tables, const std::string& publications) {
  if (tables.empty()) return;
  std::unordered_map<Oid, SourceTable*> by_oid;
  for (auto& table : tables) by_oid[table.oid] = &table;
  const auto find = [&by_oid](Oid oid) { return by_oid.at(oid); };
  const auto rights = catalog.query(rights_query, {oid_array(tables)}, "reading privileges");
  for (auto& table : tables) table.unreadable = {};
  for (int row = 0; row < rights.size(); ++row) {
    auto* const table = find(rights.oid(row, 0));
    table->unreadable = unreadable_by(catalog, *table, rights, row);
  }
  std::vector<SourceTable> by_leaf;
  std::ranges::copy_if(tables, std::back_inserter(by_leaf),
                       [](const SourceTable& table) { return table.partitioned && !table.via_root; });
  if (by_leaf.empty()) return;
  const auto filtered =
      catalog.query(over_partition_tree(filtered_query),
                    {oid_array(by_leaf), name_array(parse_publications(publications))}, "reading partitions");
  for (int row = 0; row < filtered.size(); ++row) {
    auto* const table = find(filtered.oid(row, 0));
    if (!table->unfit.reason.empty()) continue;
    table->unfit = {
        .reason = fmt::format("partition {} has a row filter or column list of its own in publication {}, beside {}",
                              filtered.text(row, 1), filtered.text(row, 2), table->full_name()),
        .remedy = fmt::format("ALTER PUBLICATION {} SET (publish_via_partition_root = true);",
                              catalog.quote_name(filtered.text(row, 2)))};
  }
}

}  // namespace walbrook::postgres
