// Tables that leave the publication, change their names, are left out of it, or come back.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "postgres/catalog/fingerprint.h"
#include "replication/core/leaving.h"
#include "replication/core/table_comparison.h"
#include "replication/core/table_renames.h"
#include "replication/core/table_request.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

TableSync::Renamed TableSync::leave_old_name(Oid oid, const std::string& reason) {
  Renamed renamed;
  const auto* found = find(oid);
  if (found == nullptr) return renamed;
  for (const auto& output : found->outputs) {
    new_outputs_.leave_behind(output);
    auto record = output.record;
    renamed.suspended = renamed.suspended || is_suspended_by_request(record);
    record.source = 0;
    record.state = OutputState::removed;
    record.suspension = {};
    record.reason = reason;
    spdlog::warn("table {}.{} was {}", record.schema, record.name, record.reason);
    renamed.changes_only = renamed.changes_only || record.changes_only;
    left_.push_back(std::move(record));
  }
  tables_.remove(oid);
  leaving_.erase(oid);
  return renamed;
}

void TableSync::follow_renames(const postgres::Publication& publication) {
  TableRenames renaming(tables_, new_outputs_, options_.moves);
  std::vector<const postgres::SourceTable*> renamed;
  std::set<Oid> oids;
  for (const auto& table : publication.tables) {
    if (!is_wanted(table) || !renaming.can_follow(table)) continue;
    renamed.push_back(&table);
    oids.insert(table.oid);
  }
  if (renamed.empty()) return;
  for (const auto* table : renamed) {
    const auto* of_that_name = tables_.find(table->schema, table->name);
    if (of_that_name == nullptr || oids.contains(of_that_name->record.oid)) continue;
    leave_old_name(of_that_name->record.oid, "gone from the source; another table has its name and its target now");
  }
  auto& renames = renames_.emplace_back(renaming.rename(renamed));
  renames.outputs.insert(renames.outputs.begin(), left_.begin(), left_.end());
  left_.clear();
}

RecordChanges TableSync::copy_renamed(const std::vector<Renames>& renames) {
  RecordChanges changed;
  std::map<Oid, std::pair<postgres::SourceTable, Renamed>> again;
  for (const auto& each : renames) {
    changed.outputs.insert(changed.outputs.end(), each.outputs.begin(), each.outputs.end());
    for (auto record : each.former) {
      const auto found = find(record.id);
      if (!found) continue;  // an earlier one of `renames` has its table
      auto& [source, before] = again[found.table->record.oid];
      source = found.table->source;
      before.changes_only = before.changes_only || record.changes_only;
      before.suspended = before.suspended || is_suspended_by_request(record);
      record.source = 0;
      record.state = OutputState::removed;
      record.suspension = {};
      record.reason = "renamed in the source; the target table is kept";
      new_outputs_.know(record);
      changed.outputs.push_back(std::move(record));
    }
    for (const auto& table : each.tables) {
      if (again.contains(table.oid)) tables_.remove(table.oid);
    }
  }
  new_outputs_.look_again();
  for (const auto& [oid, table] : again) {
    adopt_new(table.first, table.second);
    auto& added = *find(oid);
    for (auto& output : added.outputs) suspend_unfit(added, output);
    changed.add(added);
  }
  return changed;
}

// The catalog no longer shows which relations belong to tables that leave: keeps what was known of them. A run that has
// not seen such a table published goes by its fingerprint.
void TableSync::keep_members(const std::unordered_map<Oid, Oid>& before) {
  for (const auto& [member, of] : before) {
    if (leaving_.contains(of)) members_.try_emplace(member, of);
  }
  for (const auto oid : leaving_) {
    members_[oid] = oid;
    if (before.contains(oid)) continue;
    for (const auto& output : tables_.all().at(oid).outputs) {
      const auto& fingerprint = output.record.fingerprint;
      if (fingerprint.empty()) continue;
      for (const auto& member : postgres::parse_fingerprint(fingerprint).members) members_.try_emplace(member.oid, oid);
    }
  }
}

// The publication no longer holds the table, or the user no longer wants it. Outputs are removed at once, except that
// streaming ones wait for changes that are still to come (leaving.h). They do not wait if the table is published but
// not wanted, since nobody misses its changes, or if the catalog's moment was not read.
bool TableSync::leave(SyncedTable& table, const postgres::Publication& publication, bool is_published) {
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

RecordChanges TableSync::remove_departed(Lsn checkpoint) {
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

Lsn TableSync::last_leaves_at() const {
  Lsn last;
  for (const auto oid : leaving_) last = std::max(last, tables_.all().at(oid).record.leaves_at);
  return last;
}

// The reason why the table was left out or suspended may be gone. Called before `adopt`, which compares everything else
// and replaces known->source, the description that this run saw before.
bool TableSync::rejoin(const postgres::SourceTable& table) {
  auto* known = find(table.oid);
  if (known == nullptr) return false;
  const bool was_seen = known->source.oid != 0;
  const bool altered = was_seen && known->source.row_identity != table.row_identity;
  const bool freed = was_seen && (known->source.unfit != table.unfit || known->source.unreadable != table.unreadable);
  bool changed = false;
  for (auto& output : known->outputs) {
    auto& record = output.record;
    const bool is_suspended =
        record.state == OutputState::suspended && !is_suspended_by_request(record) && (altered || freed);
    if (record.state != OutputState::left_out && !is_suspended) continue;
    if (record.columns == nullptr && begins_with_its_changes(table.oid)) record.changes_only = true;
    ask_for_copy(*known, output,
                 freed && !altered ? "the cause of its suspension was altered in the source"
                                   : "its replica identity was altered in the source");
    changed = true;
  }
  return changed;
}

bool TableSync::leave_out(const postgres::LeftOutTable& table) {
  const postgres::SourceTable named{.oid = table.oid, .schema = table.schema, .name = table.name};
  if (!is_wanted(named)) return false;
  auto* known = tables_.find(table.schema, table.name);
  if (known == nullptr || known->record.oid != table.oid) {
    leave_old_name(table.oid);
    if (known != nullptr) {  // dropped and created again
      tables_.renumber(*known, table.oid);
    } else {
      known = &tables_.add({.oid = table.oid, .schema = table.schema, .name = table.name});
      match_outputs(*known);
    }
  }
  const auto reason = fmt::format("{}. {}", table.lack, table.remedy);
  bool changed = false;
  for (auto& output : known->outputs) {
    auto& record = output.record;
    if (record.state == OutputState::left_out && record.reason == reason) continue;
    if (!output.is_asked && record.state == OutputState::removed) continue;
    record.state = OutputState::left_out;
    record.reason = reason;
    record.suspension = {};
    output.copied.reset();
    changed = true;
    if (is_missed(output)) {
      spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
    }
  }
  if (changed) known->source = named;
  return changed;
}

bool TableSync::is_missed(const SyncedOutput& output) const {
  if (output.record.state != OutputState::left_out) return false;
  return output.record.columns != nullptr || !options_.wanted.empty();
}

}  // namespace walbrook::replication
