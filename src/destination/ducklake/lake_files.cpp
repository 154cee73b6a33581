#include "destination/ducklake/lake_files.h"

#include <fmt/format.h>

#include "destination/duckdb/state_row.h"
#include "destination/ducklake/lake_attachment.h"

namespace walbrook::destination::ducklake {

std::set<std::pair<std::string, std::string>> tables_with_missing_files(duckdb::Connection& connection) {
  std::set<std::pair<std::string, std::string>> tables;
  const auto named = fmt::format(
      "(SELECT table_id, path FROM {} WHERE end_snapshot IS NULL UNION ALL SELECT table_id, path FROM {} WHERE "
      "end_snapshot IS NULL)",
      catalog_table("ducklake_data_file"), catalog_table("ducklake_delete_file"));
  // A data path without files need not exist.
  if (connection.rows(fmt::format("SELECT path FROM {} LIMIT 1", named)).empty()) return tables;
  const auto sql = fmt::format(
      "SELECT DISTINCT s.schema_name, t.table_name FROM {0} f JOIN {1} t ON t.table_id = f.table_id AND "
      "t.end_snapshot IS NULL JOIN {2} s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL WHERE "
      "parse_filename(f.path) NOT IN (SELECT parse_filename(file) FROM glob({3}))",
      named, catalog_table("ducklake_table"), catalog_table("ducklake_schema"),
      duckdb::literal(data_path_of(connection) + "**"));
  // The files are listed when the statement is prepared.
  for (const auto& row : duckdb::Statement(connection, sql).rows()) {
    tables.emplace(duckdb::text(row, 0), duckdb::text(row, 1));
  }
  return tables;
}

}  // namespace walbrook::destination::ducklake
