#include "test/support/lake_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace walbrook::test {
namespace {

// OIDs of timetz, interval, bit, varbit and text.
constexpr std::array<std::uint32_t, 4> text_in_lakes = {1266, 1186, 1560, 1562};
constexpr std::uint32_t oid_of_text = 25;

BaseType in_lake(BaseType type) {
  if (std::ranges::count(text_in_lakes, type.oid) > 0) type.oid = oid_of_text;
  for (auto& field : type.fields) field.type = in_lake(field.type);
  return type;
}

PublishedTable in_lake(PublishedTable table) {
  for (auto& column : table.columns) column.type = in_lake(column.type);
  return table;
}

}  // namespace

std::filesystem::path lake_extensions() {
  return std::filesystem::path(WALBROOK_SOURCE_DIR) / "build/ducklake/extensions";
}

bool has_lake_extensions() {
  return std::filesystem::exists(lake_extensions().parent_path() / "complete");
}

void attach_lake(DuckReader& reader, const std::string& attached, const std::string& options,
                 const std::string& bucket_secret) {
  reader.exec(fmt::format("SET extension_directory = {}", quote_literal(lake_extensions().string())));
  for (const auto* extension : {"ducklake", "sqlite_scanner", "postgres_scanner"}) {
    reader.exec(fmt::format("LOAD {}", extension));
  }
  if (!bucket_secret.empty()) reader.exec("LOAD httpfs; " + bucket_secret);
  reader.exec(fmt::format("ATTACH {} AS lake ({})", quote_literal(attached), options));
  reader.exec("USE lake");
}

bool has_lake(const std::string& attached) {
  try {
    DuckReader reader(":memory:", DuckReader::Access::read_write);
    attach_lake(reader, attached);
    return !reader.query("SELECT 1 FROM duckdb_views() WHERE schema_name = '_walbrook' AND view_name = 'checkpoint'")
                .empty();
  } catch (const std::runtime_error&) {
    return false;
  }
}

LakeCopy::LakeCopy(const std::string& attached, const std::string& bucket_secret)
    : DuckCopy(":memory:", DuckReader::Access::read_write) {
  attach_lake(reader_, attached, "READ_ONLY", bucket_secret);
}

std::vector<SqlRow> LakeCopy::tables() {
  return query(
      "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake' AND NOT "
      "starts_with(schema_name, '_walbrook')");
}

std::string LakeCopy::other_type(const SourceColumn& column, const std::string& type) {
  auto here = column;
  here.type = in_lake(here.type);
  return DuckCopy::other_type(here, type);
}

std::vector<std::string> LakeCopy::source_rows(Sql& source, const PublishedTable& table) {
  return DuckCopy::source_rows(source, in_lake(table));
}

std::vector<std::string> LakeCopy::copied_rows(Sql& source, const PublishedTable& table, const CopiedTable& target,
                                               const std::vector<CopiedColumn>& columns) {
  return DuckCopy::copied_rows(source, in_lake(table), target, columns);
}

}  // namespace walbrook::test
