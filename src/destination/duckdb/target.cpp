#include "destination/duckdb/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {
namespace {

std::string_view metadata_type(const TargetColumn& column) {
  switch (column.metadata) {
    case MetadataColumn::lsn:
      return column.name == "lsn" ? "BIGINT" : "UBIGINT";  // dlt's type for its column `lsn`
    case MetadataColumn::commit_time:
    case MetadataColumn::deletion:
      return "TIMESTAMP WITH TIME ZONE";
    case MetadataColumn::load_id:
    case MetadataColumn::none:
      break;
  }
  return "VARCHAR";
}

constexpr std::array<std::pair<MetadataColumn, std::string_view>, 5> metadata_names = {
    {{MetadataColumn::none, ""},
     {MetadataColumn::lsn, "lsn"},
     {MetadataColumn::commit_time, "commit_time"},
     {MetadataColumn::deletion, "deletion"},
     {MetadataColumn::load_id, "load_id"}}};

}  // namespace

const TargetColumn* Target::column_of(std::string_view source) const {
  const auto found = std::ranges::find_if(
      columns, [source](const TargetColumn& column) { return !column.is_overflow && column.source == source; });
  return found == columns.end() ? nullptr : &*found;
}

const TargetColumn* Target::overflow_of(std::string_view source) const {
  const auto found = std::ranges::find_if(
      columns, [source](const TargetColumn& column) { return column.is_overflow && column.source == source; });
  return found == columns.end() ? nullptr : &*found;
}

bool Target::has_column_named(std::string_view name) const {
  return std::ranges::any_of(columns, [name](const TargetColumn& column) { return same_name(column.name, name); });
}

std::optional<std::string> Target::add_overflow(std::string_view source) {
  const auto* column = column_of(source);
  if (column == nullptr) {
    throw Error(ErrorKind::internal, "no column " + std::string(source) + " in " + schema + "." + table);
  }
  if (overflow_of(source) != nullptr) return std::nullopt;
  std::string name = column->name + std::string(overflow_suffix);
  while (has_column_named(name)) name += '_';
  columns.push_back({.name = name, .source = std::string(source), .is_overflow = true});
  return name;
}

Target make_target(std::string schema, std::string table, const TableSchema& columns, const TargetStyle& style) {
  Target target{.schema = std::move(schema), .table = std::move(table), .columns = {}};
  const auto names = target_column_names(capabilities().names, style, columns);
  for (std::size_t i = 0; i < names.size(); ++i) {
    target.columns.push_back({.name = names[i], .source = columns.columns[i].name});
  }
  for (const auto& [column, name] : metadata_columns(style.metadata)) {
    target.columns.push_back({.name = std::string(name), .source = "", .metadata = column});
  }
  if (target.columns.empty()) target.columns.push_back({.name = std::string(empty_table_column), .source = ""});
  return target;
}

std::string type_of(const TargetColumn& column, const TableSchema& columns) {
  if (column.metadata != MetadataColumn::none) return std::string(metadata_type(column));
  if (column.source.empty()) return "BOOLEAN";  // empty_table_column
  const auto* source = columns.find(column.source);
  if (source == nullptr) return {};
  return column.is_overflow ? "VARCHAR" : sql_type(source->type);
}

std::string create_sql(const std::string& full_name, const Target& target, const TableSchema& columns) {
  std::string sql = "CREATE TABLE " + full_name + " (";
  const char* separator = "";
  for (const auto& column : target.columns) {
    sql += separator + identifier(column.name) + " " + type_of(column, columns);
    separator = ", ";
  }
  return sql + ")";
}

std::string columns_to_json(const Target& target) {
  auto json = nlohmann::json::array();
  for (const auto& column : target.columns) {
    json.push_back({{"name", column.name}, {"source", column.source}, {"overflow", column.is_overflow}});
    if (column.metadata == MetadataColumn::none) continue;
    const auto* const kind =
        std::ranges::find(metadata_names, column.metadata, &decltype(metadata_names)::value_type::first);
    json.back()["metadata"] = kind->second;
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<TargetColumn> columns_from_json(std::string_view text) {
  try {
    std::vector<TargetColumn> columns;
    for (const auto& item : nlohmann::json::parse(text)) {
      auto& column = columns.emplace_back(
          TargetColumn{.name = item.at("name"), .source = item.at("source"), .is_overflow = item.at("overflow")});
      const auto metadata = item.value("metadata", "");
      for (const auto& [kind, name] : metadata_names) {
        if (name == metadata) column.metadata = kind;
      }
    }
    return columns;
  } catch (const nlohmann::json::exception& failed) {
    throw Error(ErrorKind::destination,
                "the columns of a table in _walbrook.targets cannot be read: " + std::string(failed.what()),
                "The state was written by another version of walbrook or changed by hand.");
  }
}

}  // namespace walbrook::destination::duckdb
