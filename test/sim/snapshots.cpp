#include "test/sim/snapshots.h"

namespace walbrook::sim {

std::optional<Snapshot> SnapshotSlot::export_snapshot(const Server& server) const {
  if (server.oldest_open_xid() < asked_at_xid_) return std::nullopt;
  Snapshot snapshot{.consistent_point = server.end, .tables = {}};
  for (const auto& [oid, table] : server.tables) {
    snapshot.tables[oid] = {
        .shape = table.committed_row.shape, .file = table.committed_row.file, .rows = table.committed};
  }
  return snapshot;
}

}  // namespace walbrook::sim
