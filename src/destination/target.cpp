#include "destination/target.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace walbrook::destination {
namespace {

// Targets with columns of other kinds are not in this state.
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

bool Target::has_column_named(const NameRules& rules, std::string_view name) const {
  return std::ranges::any_of(columns, [&](const TargetColumn& column) { return rules.same(column.name, name); });
}

std::optional<std::string> Target::add_overflow(const NameRules& rules, std::string_view source) {
  const auto* column = column_of(source);
  if (column == nullptr) {
    throw Error(ErrorKind::internal, "no column " + std::string(source) + " in " + schema + "." + table);
  }
  if (overflow_of(source) != nullptr) return std::nullopt;
  auto name =
      free_overflow_name(rules, column->name, [&](const std::string& other) { return has_column_named(rules, other); });
  columns.push_back({.name = name, .source = std::string(source), .is_overflow = true});
  return name;
}

Target make_target(const NameRules& rules, TargetName name, const TableSchema& columns, const TargetStyle& style) {
  Target target{.schema = std::move(name.schema), .table = std::move(name.table), .columns = {}};
  const auto names = target_column_names(rules, style, columns);
  for (std::size_t i = 0; i < names.size(); ++i) {
    target.columns.push_back({.name = names[i], .source = columns.columns[i].name});
  }
  for (const auto& [column, own] : metadata_columns(style.metadata)) {
    target.columns.push_back({.name = std::string(own), .source = "", .metadata = column});
  }
  return target;
}

std::string columns_to_json(const Target& target) {
  auto json = nlohmann::json::array();
  for (const auto& column : target.columns) {
    json.push_back({{"name", column.name}, {"source", column.source}, {"overflow", column.is_overflow}});
    if (column.in_primary_key) json.back()["primary_key"] = true;
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
      column.in_primary_key = item.value("primary_key", false);
      const auto metadata = item.value("metadata", "");
      for (const auto& [kind, name] : metadata_names) {
        if (name == metadata) column.metadata = kind;
      }
    }
    return columns;
  } catch (const nlohmann::json::exception& failed) {
    throw Error(ErrorKind::destination,
                "the columns of a target table in the state cannot be read: " + std::string(failed.what()),
                "The state was written by another version of walbrook or changed by hand.");
  }
}

}  // namespace walbrook::destination
