#include "replication/core/synced_table.h"

#include <spdlog/spdlog.h>

#include "replication/core/leaving.h"

namespace walbrook::replication {

void suspend(SyncedTable& table, const std::string& reason) {
  auto& record = table.record;
  suspend(record, reason);
  table.copied.reset();
  spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
}

void ask_for_copy(SyncedTable& table, const std::string& reason) {
  require_copy(table.record, reason);
  table.copied.reset();
}

void postpone(SyncedTable& table, const CannotCopyNow& why, bool follow, SteadyTime now) {
  table.record.state = TableState::pending;
  table.record.reason = why.reason;
  table.copied.reset();
  table.postponement = postponed(table.postponement ? &*table.postponement : nullptr, why, follow, now);
}

}  // namespace walbrook::replication
