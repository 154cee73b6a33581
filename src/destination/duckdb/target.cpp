#include "destination/duckdb/target.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {

const TargetColumn* Target::column_of(std::string_view source) const {
  const auto found = std::ranges::find_if(
      columns, [source](const TargetColumn& column) { return !column.is_variant && column.source == source; });
  return found == columns.end() ? nullptr : &*found;
}

const TargetColumn* Target::variant_of(std::string_view source) const {
  const auto found = std::ranges::find_if(
      columns, [source](const TargetColumn& column) { return column.is_variant && column.source == source; });
  return found == columns.end() ? nullptr : &*found;
}

bool Target::has_column_named(std::string_view name) const {
  return std::ranges::any_of(columns, [name](const TargetColumn& column) { return same_name(column.name, name); });
}

std::optional<std::string> Target::add_variant(std::string_view source) {
  const auto* column = column_of(source);
  if (column == nullptr) {
    throw Error(ErrorKind::internal, "no column " + std::string(source) + " in " + schema + "." + table);
  }
  if (variant_of(source) != nullptr) return std::nullopt;
  std::string name = column->name + std::string(variant_suffix);
  while (has_column_named(name)) name += '_';
  columns.push_back({.name = name, .source = std::string(source), .is_variant = true});
  return name;
}

Target make_target(std::string schema, std::string table, const TableSchema& columns) {
  Target target{.schema = std::move(schema), .table = std::move(table), .columns = {}};
  for (const auto& column : columns.columns) {
    // With a suffix no column takes the name that another has by itself.
    const auto is_taken = [&](const std::string& name) {
      return target.has_column_named(name) ||
             (name != column.name && std::ranges::any_of(columns.columns, [&](const ColumnSchema& other) {
                return same_name(other.name, name);
              }));
    };
    target.columns.push_back({.name = free_name(column.name, is_taken), .source = column.name});
  }
  if (target.columns.empty()) target.columns.push_back({.name = std::string(empty_table_column), .source = ""});
  return target;
}

std::string create_sql(const std::string& full_name, const Target& target, const TableSchema& columns) {
  std::string sql = "CREATE TABLE " + full_name + " (";
  const char* separator = "";
  for (const auto& column : target.columns) {
    const auto* source = columns.find(column.source);
    sql += separator + identifier(column.name) + " " +
           (source != nullptr && !column.is_variant ? sql_type(source->type)
            : column.is_variant                     ? "VARCHAR"
                                                    : "BOOLEAN");
    separator = ", ";
  }
  return sql + ")";
}

std::string columns_to_json(const Target& target) {
  auto json = nlohmann::json::array();
  for (const auto& column : target.columns) {
    json.push_back({{"name", column.name}, {"source", column.source}, {"variant", column.is_variant}});
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<TargetColumn> columns_from_json(std::string_view text) {
  try {
    std::vector<TargetColumn> columns;
    for (const auto& item : nlohmann::json::parse(text)) {
      columns.push_back({.name = item.at("name"), .source = item.at("source"), .is_variant = item.at("variant")});
    }
    return columns;
  } catch (const nlohmann::json::exception& failed) {
    throw Error(ErrorKind::destination,
                "the columns of a table in _walbrook.targets cannot be read: " + std::string(failed.what()),
                "The state was written by another version of walbrook or changed by hand.");
  }
}

}  // namespace walbrook::destination::duckdb
