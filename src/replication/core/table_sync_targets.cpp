// What follows where somebody else dropped or altered a target table (destination::TargetFinding).
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "replication/core/leaving.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

void TableSync::suspend(SyncedTable& table, const std::string& reason) {
  auto& record = table.record;
  record.state = TableState::quarantined;
  record.reason = reason;
  table.copied.reset();
  spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
}

void TableSync::target_altered(SyncedTable& table, const destination::TargetFinding& altered) {
  auto& record = table.record;
  const auto bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(table.source.bytes, 0));
  if (altered.kind == destination::TargetFinding::Kind::name_conflict) {
    return suspend(table, fmt::format("{}. {}", altered.reason, altered.hint));
  }
  const bool is_copied = !is_leaving(record) && !(record.changes_only && record.columns != nullptr);
  if (is_copied && bytes > options_.suspicion.resync_max_size) {
    suspend(table, fmt::format("{}; it has {} MB, and resync_max_size is {} MB. walbrook resync {}.{} resyncs it all "
                               "the same",
                               altered.reason, bytes >> 20U, options_.suspicion.resync_max_size >> 20U, record.schema,
                               record.name));
    return;
  }
  ask_for_copy(table, altered.reason);
  table.copied.reset();
  if (record.state == TableState::pending) {
    spdlog::warn("table {}.{} is resynced: {}", record.schema, record.name, record.reason);
  } else if (record.state == TableState::quarantined) {
    spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
  }
}

std::vector<TableRecord> TableSync::compare_targets(destination::Destination& destination) {
  std::vector<TableRecord> streaming;
  for (const auto& [oid, table] : tables_) {
    if (table.record.columns == nullptr) continue;
    // One that is to be copied anyway is looked at where it is too large for that without being asked for.
    const bool may_stay_suspended = table.was_suspended && table.record.state == TableState::pending;
    if (table.record.state == TableState::streaming || may_stay_suspended) streaming.push_back(table.record);
  }
  std::vector<TableRecord> changed;
  for (const auto& altered : destination.inspect(streaming)) {
    auto& table = tables_.at(altered.oid);
    target_altered(table, altered);
    changed.push_back(table.record);
  }
  std::erase_if(described_, [this](const TableRecord& record) {
    return tables_.at(record.oid).record.state != TableState::streaming;
  });
  return changed;
}

}  // namespace walbrook::replication
