#include "replication/core/added_columns.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "model/schema_diff.h"
#include "postgres/catalog/fingerprint.h"

namespace walbrook::replication {

bool may_be_extended_for(const SyncedOutput& output, const OutputRecord& record, const TableSchema& schema) {
  if (output.addable.empty() || record.columns == nullptr) return false;
  const auto diff = schema_diff(*record.columns, schema);
  return diff.keeps_common_columns() && std::ranges::all_of(diff.columns, [&output](const ColumnChange& change) {
           return change.kind != ColumnChange::Kind::added || output.addable.contains(change.name);
         });
}

destination::Alteration addition(const OutputRecord& record, const TableSchema& schema) {
  destination::Alteration added{.replaces_dropped = true};
  for (const auto& column : schema.columns) {
    if (record.columns->find(column.name) == nullptr) added.columns.push_back(column);
  }
  return added;
}

Extended extend(const SyncedTable& table, SyncedOutput& output, const std::vector<std::string>& added,
                bool is_caught_up, std::vector<TargetAlteration>& alterations) {
  auto& record = output.record;
  const auto is_known = [&record](const std::string& name) { return record.columns->find(name) != nullptr; };
  if (std::ranges::any_of(added, is_known)) return Extended::impossible;
  if (!schema_diff(*record.columns, table.source.columns).keeps_common_columns()) return Extended::impossible;
  output.addable.insert(added.begin(), added.end());
  if (!is_caught_up) return Extended::later;
  const auto& described = table.source.described;
  if (described == nullptr || !may_be_extended_for(output, record, *described)) return Extended::impossible;
  auto alteration = addition(record, *described);
  auto columns = *record.columns;
  columns.columns.insert(columns.columns.end(), alteration.columns.begin(), alteration.columns.end());
  alterations.push_back({.output = record, .alteration = std::move(alteration)});
  record.columns = std::make_shared<const TableSchema>(std::move(columns));
  record.fingerprint = table.source.fingerprint;
  output.addable.clear();
  spdlog::info("table {}.{} got the columns that were added in the source", record.schema, record.name);
  return Extended::now;
}

void note_brought(const SyncedTable& table, OutputRecord& record, const TableSchemaRef& schema) {
  std::vector<std::string> names;
  for (const auto& column : addition(record, *schema).columns) names.push_back(column.name);
  record.fingerprint = postgres::with_columns(record.fingerprint, table.source.fingerprint, names);
  record.columns = schema;
}

}  // namespace walbrook::replication
