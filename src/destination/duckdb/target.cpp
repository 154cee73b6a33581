#include "destination/duckdb/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/snake_case.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {
namespace {

struct MetadataDefinition {
  MetadataColumn column;
  std::string_view name;
  std::string_view type;
};
constexpr std::array walbrook_metadata = {
    MetadataDefinition{MetadataColumn::lsn, "_lsn", "UBIGINT"},
    MetadataDefinition{MetadataColumn::commit_time, "_commit_ts", "TIMESTAMP WITH TIME ZONE"}};
constexpr std::array dlt_metadata = {
    MetadataDefinition{MetadataColumn::lsn, "lsn", "BIGINT"},
    MetadataDefinition{MetadataColumn::deletion, "deleted_ts", "TIMESTAMP WITH TIME ZONE"},
    MetadataDefinition{MetadataColumn::load_id, "_dlt_load_id", "VARCHAR"}};

std::span<const MetadataDefinition> metadata_columns(Metadata metadata) {
  switch (metadata) {
    case Metadata::walbrook:
      return walbrook_metadata;
    case Metadata::dlt:
      return dlt_metadata;
    case Metadata::none:
      break;
  }
  return {};
}

std::string_view metadata_type(const TargetColumn& column) {
  for (const auto& set : {metadata_columns(Metadata::walbrook), metadata_columns(Metadata::dlt)}) {
    for (const auto& definition : set) {
      if (definition.name == column.name) return definition.type;
    }
  }
  return "VARCHAR";
}

std::string column_name(const ColumnSchema& column, Naming naming) {
  if (!column.target.empty()) return column.target;
  return naming == Naming::snake_case ? snake_case(column.name) : column.name;
}

void add_metadata(Target& target, const TableSchema& columns, Metadata metadata) {
  for (const auto& definition : metadata_columns(metadata)) {
    const std::string name(definition.name);
    if (target.has_column_named(name)) {
      throw Error(ErrorKind::data,
                  fmt::format("table {} has a column \"{}\" of its own, which metadata columns are called as well",
                              columns.full_name(), name),
                  "Choose the other names for metadata columns (metadata = \"walbrook\" or \"dlt\") or none, or leave "
                  "the column out.",
                  {.setting = "metadata", .table = columns.full_name(), .column = name});
    }
    target.columns.push_back({.name = name, .source = "", .metadata = definition.column});
  }
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

Target make_target(std::string schema, std::string table, const TableSchema& columns, const TargetStyle& style) {
  Target target{.schema = std::move(schema), .table = std::move(table), .columns = {}};
  for (const auto& column : columns.columns) {
    const auto wanted = column_name(column, style.naming);
    // With a suffix no column takes the name that another has by itself.
    const auto is_taken = [&](const std::string& name) {
      return target.has_column_named(name) ||
             (name != wanted && std::ranges::any_of(columns.columns, [&](const ColumnSchema& other) {
                return same_name(column_name(other, style.naming), name);
              }));
    };
    target.columns.push_back({.name = free_name(wanted, is_taken), .source = column.name});
  }
  add_metadata(target, columns, style.metadata);
  if (target.columns.empty()) target.columns.push_back({.name = std::string(empty_table_column), .source = ""});
  return target;
}

bool is_in_style(const Target& target, const TableSchema& columns, const TargetStyle& style) {
  const auto called_so = [&](const ColumnSchema& column) {
    const auto* found = target.column_of(column.name);
    return found == nullptr || is_named_after(found->name, column_name(column, style.naming));
  };
  if (!std::ranges::all_of(columns.columns, called_so)) return false;
  const auto wanted = metadata_columns(style.metadata);
  std::vector<std::string_view> names;
  for (const auto& column : target.columns) {
    if (column.metadata != MetadataColumn::none) names.push_back(column.name);
  }
  return std::ranges::equal(names, wanted, {}, {}, &MetadataDefinition::name);
}

std::string table_name(const std::string& name, Naming naming) {
  return naming == Naming::snake_case ? snake_case_path(name) : name;
}

bool is_named_after(std::string_view name, std::string_view wanted) {
  if (!name.starts_with(wanted)) return false;
  const auto suffix = name.substr(wanted.size());
  return suffix.empty() || (suffix.size() > 1 && suffix.front() == '_' &&
                            suffix.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

std::string type_of(const TargetColumn& column, const TableSchema& columns) {
  if (column.metadata != MetadataColumn::none) return std::string(metadata_type(column));
  if (column.source.empty()) return "BOOLEAN";  // empty_table_column
  const auto* source = columns.find(column.source);
  if (source == nullptr) return {};
  return column.is_variant ? "VARCHAR" : sql_type(source->type);
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
    json.push_back({{"name", column.name}, {"source", column.source}, {"variant", column.is_variant}});
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
          TargetColumn{.name = item.at("name"), .source = item.at("source"), .is_variant = item.at("variant")});
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
