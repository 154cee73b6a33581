#include "replication/core/synced_table.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "model/schema_diff.h"
#include "replication/core/leaving.h"

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

void suspend(SyncedOutput& output, const std::string& reason) {
  auto& record = output.record;
  suspend(record, reason);
  output.copied.reset();
  spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
}

void ask_for_copy(const SyncedTable& table, SyncedOutput& output, const std::string& reason) {
  require_copy(table.record, output.record, reason);
  output.copied.reset();
}

void postpone(SyncedOutput& output, const CannotCopyNow& why, bool follow, SteadyTime now) {
  output.record.state = OutputState::pending;
  output.record.reason = why.reason;
  output.copied.reset();
  output.postponement = postponed(output.postponement ? &*output.postponement : nullptr, why, follow, now);
}

}  // namespace walbrook::replication
