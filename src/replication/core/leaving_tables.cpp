#include "replication/core/leaving_tables.h"

#include <algorithm>

#include "postgres/catalog/fingerprint.h"
#include "replication/core/leaving.h"

namespace walbrook::replication {

void LeavingTables::know(const TableRecord& record) {
  if (is_leaving(record)) leaving_.insert(record.oid);
}

bool LeavingTables::leave(SyncedTable& table, const postgres::Publication& publication, bool is_published) {
  const bool waits = has_streaming_output(table) && !is_published && publication.moment.lsn.is_set();
  bool changed = waits && note_leaving(table.record, publication.moment);
  if (waits) {
    leaving_.insert(table.record.oid);
  } else if (leaving_.erase(table.record.oid) > 0 || is_leaving(table.record)) {
    end_leaving(table.record);
    changed = true;
  }
  for (auto& output : table.outputs) {
    const auto state = output.record.state;
    if (state == OutputState::removed || (waits && state == OutputState::streaming)) continue;
    remove_from_copy(output.record);
    output.copied.reset();
    changed = true;
  }
  return changed;
}

bool LeavingTables::comes_back(SyncedTable& table) {
  if (leaving_.erase(table.record.oid) == 0) return false;
  end_leaving(table.record);
  for (auto& output : table.outputs) output.record.state = OutputState::removed;
  return true;
}

// A run that has not seen such a table published goes by its fingerprint.
void LeavingTables::keep_members(const Members& before, Members& members) const {
  for (const auto& [member, of] : before) {
    if (leaving_.contains(of)) members.try_emplace(member, of);
  }
  for (const auto oid : leaving_) {
    members[oid] = oid;
    if (before.contains(oid)) continue;
    for (const auto& output : tables_.all().at(oid).outputs) {
      const auto& fingerprint = output.record.fingerprint;
      if (fingerprint.empty()) continue;
      for (const auto& member : postgres::parse_fingerprint(fingerprint).members) members.try_emplace(member.oid, oid);
    }
  }
}

RecordChanges LeavingTables::remove_departed(Lsn checkpoint) {
  RecordChanges gone;
  for (auto at = leaving_.begin(); at != leaving_.end();) {
    auto& table = tables_.all().at(*at);
    // An output that could not continue is removed already (require_copy).
    if (has_streaming_output(table) && !has_left(table.record, checkpoint)) {
      ++at;
      continue;
    }
    end_leaving(table.record);
    for (auto& output : table.outputs) {
      if (output.record.state != OutputState::removed) remove_from_copy(output.record);
    }
    gone.add(table);
    at = leaving_.erase(at);
  }
  return gone;
}

Lsn LeavingTables::last_leaves_at() const {
  Lsn last;
  for (const auto oid : leaving_) last = std::max(last, tables_.all().at(oid).record.leaves_at);
  return last;
}

}  // namespace walbrook::replication
