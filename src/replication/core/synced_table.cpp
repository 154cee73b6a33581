#include "replication/core/synced_table.h"

#include <spdlog/spdlog.h>

#include "replication/core/leaving.h"

namespace walbrook::replication {

void suspend(SyncedOutput& output, const std::string& reason) {
  auto& record = output.record;
  suspend(record, reason);
  output.copied.reset();
  output.retry_scheduled = false;
  spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
}

void ask_for_copy(const SyncedTable& table, SyncedOutput& output, const std::string& reason) {
  require_copy(table.record, output.record, reason);
  output.copied.reset();
  output.retry_scheduled = false;
}

void postpone(SyncedOutput& output, const CannotCopyNow& why, bool follow, SteadyTime now) {
  output.record.state = OutputState::pending;
  output.record.reason = why.reason;
  output.copied.reset();
  output.postponement = postponed(output.postponement ? &*output.postponement : nullptr, why, follow, now);
}

}  // namespace walbrook::replication
