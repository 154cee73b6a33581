#include "replication/core/column_selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/publication_list.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::replication {

const postgres::TableName* ColumnSelection::find(std::string_view schema, std::string_view name) const {
  const auto found = std::ranges::find_if(tables_, [&](const postgres::TableName& table) {
    return table.name == name && (table.schema.empty() || table.schema == schema);
  });
  return found == tables_.end() ? nullptr : &*found;
}

const ResolvedTableOverrides* ColumnSelection::find_overrides(std::string_view schema, std::string_view name) const {
  const auto found = std::ranges::find_if(
      overrides_, [&](const ResolvedTableOverrides& table) { return table.name == name && table.schema == schema; });
  return found == overrides_.end() ? nullptr : &*found;
}

void ColumnSelection::shape(TableSchema& schema) const {
  if (const auto* overridden = find_overrides(schema.schema, schema.name)) apply_overrides(schema, overridden->columns);
}

std::optional<Error> ColumnSelection::misfit(const postgres::Publication& publication,
                                             const postgres::SourceTable& table) const {
  const bool selected = find(table.schema, table.name) != nullptr;
  if (!selected && find_overrides(table.schema, table.name) == nullptr) return std::nullopt;
  if (!table.partitioned || table.via_root) return std::nullopt;
  const auto names = parse_publications(publication.name);
  return Error(ErrorKind::configuration,
               fmt::format("columns of {} cannot be {}: {} {} its partitions one by one", table.full_name(),
                           selected ? "selected" : "given other names or types", named_publications(names),
                           names.size() == 1 ? "publishes" : "publish"),
               fmt::format("ALTER PUBLICATION {} SET (publish_via_partition_root = true);",
                           postgres::quoted_name(names.front())),
               {.setting = selected ? "include_columns" : "columns",
                .publication = publication.name,
                .table = table.full_name()});
}

void ColumnSelection::require_fit(const postgres::Publication& publication, const postgres::SourceTable& table) const {
  if (const auto error = misfit(publication, table)) throw Error(*error);
}

void ColumnSelection::restrict_tables(postgres::Publication& publication) const {
  for (auto& table : publication.tables) {
    if (const auto error = misfit(publication, table)) {
      table.unfit = {.reason = error->cause(), .remedy = error->hint()};
      continue;
    }
    const auto* overridden = find_overrides(table.schema, table.name);
    if (overridden != nullptr) table.overrides = overridden->columns;
    const auto* asked = find(table.schema, table.name);
    if (asked == nullptr) continue;
    const auto left_out = [asked](const std::string& column) {
      return std::ranges::find(asked->columns, column) == asked->columns.end();
    };
    std::erase_if(table.columns, [&](const SourceColumn& column) { return left_out(column.name); });
    table.published_columns.clear();
    for (const auto& column : table.columns) table.published_columns.push_back(column.name);
  }
}

std::vector<bool> ColumnSelection::taken(const postgres::Relation& message) const {
  const auto* asked = find(message.schema, message.name);
  if (asked == nullptr) return {};
  std::vector<bool> taken;
  for (const auto& column : message.columns) {
    taken.push_back(std::ranges::find(asked->columns, column.name) != asked->columns.end());
  }
  return taken;
}

}  // namespace walbrook::replication
