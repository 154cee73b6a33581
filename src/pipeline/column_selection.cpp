#include "pipeline/column_selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace walbrook::pipeline {

const source::TableName* ColumnSelection::find(std::string_view schema, std::string_view name) const {
  const auto found = std::ranges::find_if(tables_, [&](const source::TableName& table) {
    return table.name == name && (table.schema.empty() || table.schema == schema);
  });
  return found == tables_.end() ? nullptr : &*found;
}

const WishedTable* ColumnSelection::find_wishes(std::string_view schema, std::string_view name) const {
  const auto found = std::ranges::find_if(
      wishes_, [&](const WishedTable& table) { return table.name == name && table.schema == schema; });
  return found == wishes_.end() ? nullptr : &*found;
}

void ColumnSelection::shape(TableSchema& schema) const {
  if (const auto* wished = find_wishes(schema.schema, schema.name)) apply_wishes(schema, wished->columns);
}

void ColumnSelection::restrict_tables(source::Publication& publication) const {
  for (auto& table : publication.tables) {
    const auto* wished = find_wishes(table.schema, table.name);
    if (wished != nullptr) table.wishes = wished->columns;
    const auto* asked = find(table.schema, table.name);
    if (asked == nullptr && wished == nullptr) continue;
    if (table.partitioned && !publication.via_partition_root) {
      throw Error(
          ErrorKind::configuration,
          fmt::format("columns of {} cannot be {}: publication {} publishes its partitions one by one",
                      table.full_name(), asked != nullptr ? "selected" : "named or typed otherwise", publication.name),
          "ALTER PUBLICATION … SET (publish_via_partition_root = true);",
          {.setting = asked != nullptr ? "include_columns" : "columns",
           .publication = publication.name,
           .table = table.full_name()});
    }
    if (asked == nullptr) continue;
    const auto left_out = [asked](const std::string& column) {
      return std::ranges::find(asked->columns, column) == asked->columns.end();
    };
    std::erase_if(table.columns, [&](const source::SourceColumn& column) { return left_out(column.name); });
    table.published_columns.clear();
    for (const auto& column : table.columns) table.published_columns.push_back(column.name);
  }
}

std::vector<bool> ColumnSelection::taken(const pgoutput::Relation& message) const {
  const auto* asked = find(message.schema, message.name);
  if (asked == nullptr) return {};
  std::vector<bool> taken;
  for (const auto& column : message.columns) {
    taken.push_back(std::ranges::find(asked->columns, column.name) != asked->columns.end());
  }
  return taken;
}

}  // namespace walbrook::pipeline
