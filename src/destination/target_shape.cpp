#include "destination/target_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "arrow/change_rows.h"
#include "base/error.h"
#include "base/snake_case.h"

namespace walbrook::destination {
namespace {

constexpr std::array walbrook_columns = {MetadataName{MetadataColumn::lsn, "_lsn"},
                                         MetadataName{MetadataColumn::commit_time, "_commit_ts"}};
constexpr std::array dlt_columns = {MetadataName{MetadataColumn::lsn, "lsn"},
                                    MetadataName{MetadataColumn::deletion, "deleted_ts"},
                                    MetadataName{MetadataColumn::load_id, "_dlt_load_id"}};

constexpr std::array append_columns = {MetadataName{MetadataColumn::operation, operation_column},
                                       MetadataName{MetadataColumn::lsn, lsn_column},
                                       MetadataName{MetadataColumn::commit_time, commit_time_column},
                                       MetadataName{MetadataColumn::sequence, "_walbrook_sequence"},
                                       MetadataName{MetadataColumn::unchanged, unchanged_column}};

std::string table_name(const std::string& name, Naming naming) {
  return naming == Naming::snake_case ? snake_case_path(name) : name;
}

// Returns whether `name` is `wanted`, with or without the number that free_name appends.
bool is_named_after(const NameRules& rules, std::string_view name, std::string_view wanted) {
  if (name == with_suffix(rules, wanted, "")) return true;
  const auto number = name.rfind('_');
  if (number == std::string_view::npos) return false;
  const auto suffix = name.substr(number);
  return suffix.size() > 1 && suffix.find_first_not_of("0123456789", 1) == std::string_view::npos &&
         name == with_suffix(rules, wanted, suffix);
}

void check_metadata_names(const NameRules& rules, Metadata metadata, const TableSchema& columns,
                          const std::vector<std::string>& names) {
  for (const auto& definition : metadata_columns(metadata)) {
    if (std::ranges::none_of(names, [&](const std::string& name) { return rules.same(name, definition.name); })) {
      continue;
    }
    throw Error(ErrorKind::data,
                fmt::format("table {} has a column \"{}\", which is also the name of a metadata column",
                            columns.full_name(), definition.name),
                "Choose the other names for metadata columns (metadata = \"walbrook\" or \"dlt\") or none, or leave "
                "the column out.",
                {.setting = "metadata", .table = columns.full_name(), .column = std::string(definition.name)});
  }
}

}  // namespace

std::span<const MetadataName> metadata_columns(Metadata metadata) {
  switch (metadata) {
    case Metadata::walbrook:
      return walbrook_columns;
    case Metadata::dlt:
      return dlt_columns;
    case Metadata::none:
      break;
  }
  return {};
}

std::span<const MetadataName> change_columns() {
  return append_columns;
}

TargetName target_name(const NameRules& rules, Naming naming, const std::string& dataset, const std::string& schema,
                       const std::string& name, const std::function<bool(const TargetName&)>& is_taken) {
  TargetName target{.schema = dataset.empty() ? table_name(schema, naming) : dataset, .table = {}};
  const bool in_state_schema = rules.same(target.schema, rules.state_schema);
  target.table = free_name(rules, table_name(name, naming), [&](const std::string& candidate) {
    const auto is_candidate = [&](std::string_view other) { return rules.same(other, candidate); };
    if (in_state_schema && std::ranges::any_of(rules.state_tables, is_candidate)) return true;
    return is_taken({.schema = target.schema, .table = candidate});
  });
  return target;
}

std::string with_suffix(const NameRules& rules, std::string_view name, std::string_view suffix) {
  if (rules.max_bytes > 0 && name.size() + suffix.size() > rules.max_bytes) {
    auto end = rules.max_bytes - suffix.size();
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;  // within a character
    name = name.substr(0, end);
  }
  return std::string(name) + std::string(suffix);
}

std::string column_name(const ColumnSchema& column, Naming naming) {
  if (!column.target.empty()) return column.target;
  return naming == Naming::snake_case ? snake_case(column.name) : column.name;
}

bool has_current_shape(const NameRules& rules, const OutputRecord& output, const TargetStyle& style,
                       const std::string& dataset) {
  if (output.columns == nullptr) return true;
  const auto is_called_so = [&](const ColumnSchema& column) {
    return column_name(column, output.style.naming) == column_name(column, style.naming);
  };
  return output.style.metadata == style.metadata &&
         output.target_schema == (dataset.empty() ? table_name(output.schema, style.naming) : dataset) &&
         is_named_after(rules, output.target_name, table_name(output.name, style.naming)) &&
         std::ranges::all_of(output.columns->columns, is_called_so);
}

std::vector<std::string> target_column_names(const NameRules& rules, const TargetStyle& style,
                                             const TableSchema& columns) {
  std::vector<std::string> wanted;
  for (const auto& column : columns.columns) wanted.push_back(column_name(column, style.naming));
  std::vector<std::string> names;
  for (const auto& own : wanted) {
    // A name with a suffix must not be one that another column has without a suffix.
    const auto is_taken = [&](const std::string& candidate) {
      const auto is_candidate = [&](const std::string& other) { return rules.same(other, candidate); };
      return std::ranges::any_of(names, is_candidate) ||
             (candidate != own && std::ranges::any_of(wanted, is_candidate));
    };
    names.push_back(free_name(rules, own, is_taken));
  }
  check_metadata_names(rules, style.metadata, columns, names);
  return names;
}

}  // namespace walbrook::destination
