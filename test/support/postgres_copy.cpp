#include "test/support/postgres_copy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "test/support/row_difference.h"

namespace walbrook::test {
namespace {

constexpr std::uint32_t text_oid = 25;
constexpr std::uint32_t first_user_oid = 16384;

// Built-in types that are text in the copy: what they mean depends on the server's settings and objects.
constexpr std::array<std::uint32_t, 14> types_as_text = {24,   790,  1033, 2202, 2203, 2204, 2205,
                                                         2206, 3734, 3769, 4089, 4096, 4191, 194};

std::vector<std::string> rows_of(Sql& sql, const std::vector<std::string>& cells, const std::string& from) {
  const auto rows = sql.query(
      fmt::format("SELECT pg_catalog.array_to_string(ARRAY[{}]::pg_catalog.text[], E'\\x{:02x}', E'\\x{:02x}') FROM {}",
                  fmt::join(cells, ", "), cell_end, null_cell, from));
  std::vector<std::string> texts;
  for (const auto& row : rows) texts.push_back(row.at(0).value_or(""));
  return texts;
}

}  // namespace

PostgresCopy::PostgresCopy(const std::string& conninfo) : database_(conninfo) {
  database_.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  database_.exec(postgres_session);
}

std::vector<SqlRow> PostgresCopy::tables() {
  return query(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind = 'r' AND n.nspname NOT IN ('_walbrook', 'pg_catalog', 'information_schema') AND n.nspname NOT "
      "LIKE 'pg\\_%'");
}

std::optional<std::map<std::string, std::string>> PostgresCopy::column_types(const CopiedTable& table) {
  const auto relation = "pg_catalog.to_regclass(" + quote_literal(table.sql_name()) + ")";
  if (database_.value("SELECT " + relation).empty()) return std::nullopt;
  std::map<std::string, std::string> types;
  const auto rows = query(fmt::format(
      "SELECT attname, CASE WHEN atttypid < {} THEN atttypid::text ELSE nspname || '.' || typname END FROM "
      "pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace n ON "
      "n.oid = t.typnamespace WHERE attnum > 0 AND NOT attisdropped AND attrelid = {}",
      first_user_oid, relation));
  for (const auto& row : rows) types[*row[0]] = *row[1];
  return types;
}

std::string PostgresCopy::other_type(const SourceColumn& column, const std::string& type) {
  if (type == column.declared) return "";
  const auto& base = column.type;
  const bool is_own_type = base.kind == BaseType::Kind::scalar && base.oid < first_user_oid &&
                           std::ranges::find(types_as_text, base.oid) == types_as_text.end();
  const auto expected = std::to_string(is_own_type ? base.oid : text_oid);
  const bool is_array = base.kind == BaseType::Kind::array && type != std::to_string(text_oid);
  return type == expected || is_array ? "" : expected;
}

std::vector<std::string> PostgresCopy::source_rows(Sql& source, const PublishedTable& table) {
  std::vector<std::string> cells;
  for (const auto& column : table.columns) cells.push_back(printed_in_postgres(quote_name(column.name)));
  return rows_of(source, cells, table.rows);
}

std::vector<std::string> PostgresCopy::copied_rows(Sql& /*source*/, const PublishedTable& /*table*/,
                                                   const CopiedTable& target,
                                                   const std::vector<CopiedColumn>& columns) {
  std::vector<std::string> cells;
  for (const auto& column : columns) {
    auto& cell = cells.emplace_back(printed_in_postgres(quote_name(column.value)));
    if (column.overflow.empty()) continue;
    cell = fmt::format(
        "CASE WHEN {0} IS NULL THEN {1} WHEN {2} IS NULL THEN {0} ELSE 'both column and overflow column are set' END",
        quote_name(column.overflow), cell, quote_name(column.value));
  }
  return rows_of(database_, cells, target.sql_name());
}

}  // namespace walbrook::test
