#include "replication/core/copy_queue.h"

#include <algorithm>

namespace walbrook::replication {

std::vector<const SyncedOutput*> copies_due(const KnownTables& tables, SteadyTime now) {
  std::vector<const SyncedOutput*> due;
  for (const auto& [oid, table] : tables.all()) {
    if (!table.source.unreadable.reason.empty()) continue;
    for (const auto& output : table.outputs) {
      if (is_copy_due(output, now)) due.push_back(&output);
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
  output.spooled.clear();
  output.altered_at = {};
  output.copy_identity = table.source.row_identity.rows;
  output.undecided = table.source.unseen_partition.empty() ? std::nullopt : std::optional(Lsn{});
  output.copy_number = copy_number;
  output.retry_scheduled = false;
}

WholeCopies whole_copies(std::map<Oid, SyncedTable>& tables, Lsn reached) {
  WholeCopies copies;
  for (auto& [oid, table] : tables) {
    for (auto& output : table.outputs) {
      const bool is_whole = output.record.state == OutputState::copying && output.copied;
      copies.any = copies.any || is_whole;
      if (is_whole && *output.copied <= reached) {
        copies.ready.push_back({.table = &table, .output = &output});
      } else if (is_to_be_copied(output)) {
        copies.all = false;
      }
    }
  }
  return copies;
}

std::vector<FoundOutput> copying_no_rows(std::map<Oid, SyncedTable>& tables) {
  std::vector<FoundOutput> found;
  for (auto& [oid, table] : tables) {
    for (auto& output : table.outputs) {
      if (output.record.state != OutputState::copying || !copies_no_rows(output.record)) continue;
      found.push_back({.table = &table, .output = &output});
    }
  }
  return found;
}

void mark_visible(SyncedOutput& output) {
  output.postponement.reset();
  output.copied.reset();
  output.moves_to.reset();
  output.spooled.clear();
}

}  // namespace walbrook::replication
