#include "test/support/duck_copy.h"

#include <fmt/format.h>

#include <unordered_map>

#include "test/support/row_difference.h"

namespace walbrook::test {
namespace {

std::vector<std::string> single_column(std::vector<SqlRow> rows) {
  std::vector<std::string> texts;
  texts.reserve(rows.size());
  for (auto& row : rows) texts.push_back(std::move(row.at(0)).value_or(""));
  return texts;
}

// Replaces an overflow text by the canonical text of the value that PostgreSQL prints in that way.
void resolve_overflow(Sql& source, const PublishedTable& table, const std::vector<CopiedColumn>& columns,
                      std::vector<std::string>& rows) {
  std::map<std::size_t, std::unordered_map<std::string, std::string>> canonical;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].overflow.empty()) continue;
    const auto name = quote_name(table.columns[i].name);
    for (auto& row : source.query(fmt::format("SELECT DISTINCT {}, {} FROM {} WHERE pg_catalog.num_nulls({}) = 0",
                                              printed_in_postgres(name),
                                              canonical_in_postgres(table.columns[i].type, name), table.rows, name))) {
      canonical[i][*row[0]] = *row[1];
    }
  }
  if (canonical.empty()) return;
  for (auto& row : rows) {
    if (row.find(overflow_cell) == std::string::npos) continue;
    auto cells = split_cells(row);
    for (const auto& [i, by_text] : canonical) {
      if (i >= cells.size() || !cells[i].starts_with(overflow_cell)) continue;
      const auto found = by_text.find(cells[i].substr(1));
      cells[i] = found == by_text.end() ? "overflow '" + cells[i].substr(1) + "'" : found->second;
    }
    row = join_cells(cells);
  }
}

}  // namespace

std::vector<SqlRow> DuckCopy::tables() {
  return query(
      "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name <> "
      "'_walbrook'");
}

std::optional<std::map<std::string, std::string>> DuckCopy::column_types(const CopiedTable& table) {
  std::map<std::string, std::string> types;
  for (const auto& row : query(fmt::format(
           "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() AND "
           "schema_name = {} AND table_name = {}",
           quote_literal(table.schema), quote_literal(table.name)))) {
    types[*row[0]] = *row[1];
  }
  if (types.empty()) return std::nullopt;
  return types;
}

std::string DuckCopy::other_type(const SourceColumn& column, const std::string& type) {
  if (has_enums_ && column.type.is_enum) return type.starts_with("ENUM(") ? "" : "ENUM";
  auto expected = expected_duck_type(column.type);
  if (!column.type.fields.empty()) expected = reader_.value("SELECT typeof(NULL::" + expected + ")");
  return type == expected ? "" : expected;
}

std::vector<std::string> DuckCopy::source_rows(Sql& source, const PublishedTable& table) {
  std::string cells;
  for (const auto& column : table.columns) {
    cells += (cells.empty() ? "" : ", ") + canonical_in_postgres(column.type, quote_name(column.name));
  }
  return single_column(source.query(
      fmt::format("SELECT pg_catalog.array_to_string(ARRAY[{}]::text[], E'\\x{:02x}', E'\\x{:02x}') FROM {}", cells,
                  cell_end, null_cell, table.rows)));
}

std::vector<std::string> DuckCopy::copied_rows(Sql& source, const PublishedTable& table, const CopiedTable& target,
                                               const std::vector<CopiedColumn>& columns) {
  std::string cells;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto value = quote_name(columns[i].value);
    auto cell = canonical_in_duckdb(table.columns[i].type, value);
    if (!columns[i].overflow.empty()) {
      cell = fmt::format(
          "CASE WHEN {0} IS NULL THEN {1} WHEN {2} IS NULL THEN chr({3}) || {0} ELSE "
          "'both column and overflow column are set' END",
          quote_name(columns[i].overflow), cell, value, overflow_cell + 0);
    }
    cells += fmt::format("{}coalesce({}, chr({}))", cells.empty() ? "" : ", ", cell, null_cell + 0);
  }
  auto rows = single_column(
      query(fmt::format("SELECT array_to_string([{}], chr({})) FROM {}", cells, cell_end + 0, target.sql_name())));
  resolve_overflow(source, table, columns, rows);
  return rows;
}

}  // namespace walbrook::test
