#include "destination/duckdb/target_sql.h"

#include <utility>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/duckdb_capabilities.h"

namespace walbrook::destination::duckdb {
namespace {

std::string_view metadata_type(const TargetColumn& column) {
  switch (column.metadata) {
    case MetadataColumn::lsn:
      return column.name == "lsn" ? "BIGINT" : "UBIGINT";  // dlt's type for its column `lsn`
    case MetadataColumn::commit_time:
    case MetadataColumn::deletion:
      return "TIMESTAMP WITH TIME ZONE";
    case MetadataColumn::sequence:
      return "UINTEGER";
    case MetadataColumn::unchanged:
      return "VARCHAR[]";
    case MetadataColumn::operation:
    case MetadataColumn::load_id:
    case MetadataColumn::none:
      break;
  }
  return "VARCHAR";
}

}  // namespace

Target make_target(std::string schema, std::string table, const TableSchema& columns, const TargetStyle& style) {
  auto target = destination::make_target(capabilities().names, {std::move(schema), std::move(table)}, columns, style);
  if (target.columns.empty()) target.columns.push_back({.name = std::string(empty_table_column), .source = ""});
  return target;
}

std::string type_of(const TargetColumn& column, const TableSchema& columns, const EnumTypes& enums) {
  if (column.metadata != MetadataColumn::none) return std::string(metadata_type(column));
  if (column.source.empty()) return "BOOLEAN";  // empty_table_column
  const auto* source = columns.find(column.source);
  if (source == nullptr) return {};
  return column.is_overflow ? "VARCHAR" : enums.column_type(source->type);
}

std::string create_sql(const std::string& full_name, const Target& target, const TableSchema& columns,
                       const EnumTypes& enums) {
  std::string sql = "CREATE TABLE " + full_name + " (";
  const char* separator = "";
  for (const auto& column : target.columns) {
    sql += separator + identifier(column.name) + " " + type_of(column, columns, enums);
    separator = ", ";
  }
  return sql + ")";
}

}  // namespace walbrook::destination::duckdb
