#include "replication/core/copy_queue.h"

#include <algorithm>

namespace walbrook::replication {

std::vector<const SyncedOutput*> copies_due(const KnownTables& tables, SteadyTime now) {
  std::vector<const SyncedOutput*> due;
  for (const auto& [oid, table] : tables.all()) {
    if (!table.source.unreadable.reason.empty()) continue;
    for (const auto& output : table.outputs) {
      if (output.record.state != OutputState::pending) continue;
      if (!output.postponement || is_due(*output.postponement, now)) due.push_back(&output);
    }
  }
  return due;
}

std::optional<SteadyTime> next_copy_due(const KnownTables& tables) {
  std::optional<SteadyTime> next;
  for (const auto& [oid, table] : tables.all()) {
    for (const auto& output : table.outputs) {
      const auto& postponement = output.postponement;
      if (output.record.state != OutputState::pending || !postponement || postponement->given_up) continue;
      if (!next || postponement->again_at < *next) next = postponement->again_at;
    }
  }
  return next;
}

bool none_to_be_copied(const KnownTables& tables) {
  return std::ranges::none_of(
      tables.all(), [](const auto& entry) { return std::ranges::any_of(entry.second.outputs, is_to_be_copied); });
}

void mark_copying(const SyncedTable& table, SyncedOutput& output, std::int64_t load_id, std::uint64_t copy_number) {
  auto& record = output.record;
  record.state = OutputState::copying;
  record.snapshot_lsn = {};
  record.load_id = load_id;
  record.fingerprint = table.source.fingerprint;
  output.copied.reset();
  output.identity_altered_at = {};
  output.copy_identity = table.source.row_identity.rows;
  output.undecided = table.source.unseen_partition.empty() ? std::nullopt : std::optional(Lsn{});
  output.copy_number = copy_number;
}

}  // namespace walbrook::replication
