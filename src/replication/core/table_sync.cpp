#include "replication/core/table_sync.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "destination/target_shape.h"
#include "model/same_table.h"
#include "model/schema_diff.h"
#include "postgres/catalog/fingerprint.h"
#include "replication/core/columns_in_place.h"
#include "replication/core/copy_queue.h"
#include "replication/core/leaving.h"
#include "replication/core/table_comparison.h"
#include "replication/core/table_renames.h"
#include "replication/core/table_request.h"

namespace walbrook::replication {
namespace {

constexpr auto renamed_reason = "renamed in the source; the target table is kept";

// The output has its changes alone, and has begun.
bool has_changes_alone(const OutputRecord& record) {
  return record.changes_only && record.columns != nullptr;
}

}  // namespace

TableSync::TableSync(TableSyncOptions options, const destination::NameRules& names, destination::State known)
    : options_(std::move(options)),
      new_outputs_(tables_, names, options_.dataset, options_.style.naming, options_.outputs) {
  for (auto& table : known.tables) {
    leaving_.know(table);
    tables_.add(std::move(table));
  }
  for (auto& record : known.outputs) {
    new_outputs_.know(record);
    if (record.source == 0) continue;  // written by a program, or under a name that a table no longer has
    auto* table = tables_.find(record.source);
    WALBROOK_CHECK(table != nullptr, "output {} is of no known table", record.id.value);
    // A copy that was under way ended with its process. A suspended output gets another chance, unless only a copy that
    // nobody asked for would give it one. Both changes are in memory: the record is stored once the copy is ordered.
    const bool was_suspended =
        record.state == OutputState::suspended && !has_changes_alone(record) && !is_suspended_by_request(record);
    if (record.state == OutputState::copying || was_suspended) record.state = OutputState::pending;
    if (was_suspended) {
      ++record.suspension.attempts;
      record.suspension.retry_at = {};
    }
    tables_.add_output(*table, std::move(record)).was_suspended = was_suspended;
  }
  for (const auto& name : options_.wanted) wanted_.emplace(name.schema, name.name);
}

bool TableSync::is_wanted(const postgres::SourceTable& table) const {
  return wanted_.empty() || wanted_.contains({table.schema, table.name});
}

// Adopts column descriptions that the user changed. The target of a streaming output gets them too (take_described).
void TableSync::describe(const SyncedTable& table, SyncedOutput& output) {
  auto& record = output.record;
  auto described = *record.columns;
  for (auto& column : described.columns) {
    const auto asked_for = table.source.overrides.find(column.name);
    if (asked_for != table.source.overrides.end() && asked_for->second.description)
      column.description = *asked_for->second.description;
  }
  if (described == *record.columns) return;
  record.columns = std::make_shared<const TableSchema>(std::move(described));
  if (record.state == OutputState::streaming) described_.push_back(record);
}

// Compares names, types and metadata columns with what the user configured, at the first publication_seen of a run
// only. True: they differ, and the streaming output becomes pending.
bool TableSync::restyle(const SyncedTable& table, SyncedOutput& output) {
  auto& record = output.record;
  if (restyled_) return false;
  if (record.columns == nullptr) {
    auto target = new_outputs_.choose_again(output);  // no target exists yet
    record.target_schema = std::move(target.schema);
    record.target_name = std::move(target.table);
    return false;
  }
  const bool has_shape = destination::has_current_shape(new_outputs_.rules(), record, options_.style, output.dataset);
  if (has_shape && follows_overrides(record, table.source.overrides)) {
    describe(table, output);
    return false;
  }
  if (!has_shape) {
    auto target = new_outputs_.choose_again(output);
    if (target != record.target()) output.moves_to = std::move(target);
  }
  if (record.state != OutputState::streaming) return false;
  record.state = OutputState::pending;
  record.reason = "other names, types or metadata columns are requested than when it was copied";
  return true;
}

TableSync::Renamed TableSync::leave_old_name(Oid oid, const std::string& reason) {
  Renamed renamed;
  const auto* found = find(oid);
  if (found == nullptr) return renamed;
  for (const auto& output : found->outputs) {
    new_outputs_.leave_behind(output);
    auto record = output.record;
    renamed.suspended = renamed.suspended || is_suspended_by_request(record);
    leave_without_source(record, reason);
    renamed.changes_only = renamed.changes_only || record.changes_only;
    left_.push_back(std::move(record));
  }
  tables_.remove(oid);
  leaving_.forget(oid);
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
      leave_without_source(record, renamed_reason);
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

// Makes the table's outputs those that are defined for it: missing ones are added, others are removed.
bool TableSync::match_outputs(SyncedTable& table) {
  bool changed = false;
  for (auto& output : table.outputs) output.is_asked = false;
  for (const auto& definition : new_outputs_.defined(table.record)) {
    auto found = std::ranges::find(table.outputs, definition.role, [](const auto& each) { return each.record.role; });
    if (found == table.outputs.end()) {
      auto record = new_outputs_.make(table.record, definition);
      tables_.add_output(table, std::move(record));
      found = table.outputs.end() - 1;
      changed = true;
    }
    found->is_asked = true;
    found->dataset = new_outputs_.dataset_of(definition);
  }
  for (auto& output : table.outputs) {
    if (output.is_asked || output.record.state == OutputState::removed) continue;
    output.record.state = OutputState::removed;
    output.record.suspension = {};
    output.record.reason = "the table no longer has this output; its target table is kept";
    output.copied.reset();
    changed = true;
  }
  return changed;
}

bool TableSync::adopt_new(const postgres::SourceTable& table, const Renamed& before) {
  auto& added = tables_.add({.oid = table.oid, .schema = table.schema, .name = table.name});
  added.source = table;
  match_outputs(added);
  for (auto& output : added.outputs) {
    output.record.fingerprint = table.fingerprint;
    output.record.changes_only = before.changes_only || begins_with_its_changes(table.oid);
    if (before.suspended) apply_request(Requested::suspend, output.record);
  }
  return true;
}

namespace {

// The reason of a streaming output says what of its changes is not followed.
bool note_partial(const SyncedTable& table, SyncedOutput& output) {
  auto& record = output.record;
  if (record.state != OutputState::streaming || record.reason == table.source.partial) return false;
  record.reason = table.source.partial;
  return true;
}

// The stream has brought the output further than the catalog was when it was read.
bool is_newer(Lsn commit_lsn, Lsn seen_at) {
  return commit_lsn.is_set() && commit_lsn >= seen_at;
}

}  // namespace

// Judges the difference between the record's fingerprint and the catalog's (suspicion.h). A difference that a TRUNCATE
// may explain waits until the stream has come as far as the catalog (position_ <= reached_). A copy that is not swapped
// in yet is never marked suspect, since it may hold what the catalog shows; that waits too. So does a fingerprint that
// is ahead of descriptions of event triggers, which continue the one of before. What waits is `undecided`, and decide()
// comes back to it. A gap that lasts as long as the table is as it is now (lasting_gap) marks a streaming
// output suspect.
bool TableSync::compare_with_catalog(const SyncedTable& table, SyncedOutput& output, Lsn seen_at) {
  auto& record = output.record;
  const bool copying = record.state == OutputState::copying;
  const auto gap = copying ? std::string() : lasting_gap(table.source);
  output.undecided.reset();
  if (record.changes_only && !copying) return false;
  if (!copying && is_newer(output.described_at, seen_at)) return false;
  if (record.fingerprint == table.source.fingerprint && (gap.empty() || record.suspect == gap)) return false;
  auto found = judge(table.record, record, table.source, !copying && position_ <= reached_, options_.suspicion);
  const bool is_ahead = !copying && position_ > reached_ && is_followed_by_descriptions(table.source);
  if (found.kind == Suspicion::Kind::wait || (copying && found.kind == Suspicion::Kind::suspect) ||
      (found.kind == Suspicion::Kind::none && is_ahead)) {
    output.undecided = position_;  // a copy is judged once it is swapped in
    any_undecided_ = true;
    return false;
  }
  if (found.kind == Suspicion::Kind::in_place) {
    if (!copying && is_caught_up()) {
      if (is_newer(output.columns_at, seen_at)) return false;
      if (follow_catalog(table, output, alterations_)) return true;
    } else if (!copying && may_follow(table, record)) {  // rows may still bring the change
      output.undecided = position_;
      any_undecided_ = true;
      return false;
    }
    found.kind = Suspicion::Kind::resync;
  }
  if (found.kind == Suspicion::Kind::resync) {
    ask_for_copy(table, output, found.reason);
    return true;
  }
  if (found.kind == Suspicion::Kind::suspect) mark_suspect(record, std::move(found.reason));
  if (!gap.empty()) mark_suspect(record, gap);
  record.fingerprint = is_ahead ? postgres::without_ddl_trigger(table.source.fingerprint) : table.source.fingerprint;
  return true;
}

// An output whose rows are never copied: what another output would be copied again for leaves a gap here, which the
// user asked for. New columns come with the first change that has them (BatchApply::add).
bool TableSync::continue_with_changes(const SyncedTable& table, SyncedOutput& output) {
  auto& record = output.record;
  const auto& now = table.source;
  const bool came_back = record.state == OutputState::removed;
  const bool changed = came_back || record.fingerprint != now.fingerprint;
  if (changed) {
    spdlog::warn("table {}.{} continues with its changes only: {}", now.schema, now.name,
                 came_back
                     ? "changes made while it was not published are missing"
                     : "the publication or the table was altered, rows that changed without a message are missing");
  }
  if (came_back) {
    record.state = OutputState::streaming;
    record.reason.clear();
  }
  record.fingerprint = now.fingerprint;
  if (!restyled_ && (!destination::has_current_shape(new_outputs_.rules(), record, options_.style, output.dataset) ||
                     !follows_overrides(record, now.overrides))) {
    spdlog::warn(
        "table {}.{} keeps its name, types and metadata columns: it has its changes only, and only a resync "
        "changes them",
        now.schema, now.name);
  }
  describe(table, output);
  return changed;
}

// Takes in one published table. True: one of its records changed. The order matters: the table has left its old name
// before it is looked at under the new one, it has its new OID before outputs are added to it, and it has its outputs
// before they are judged.
bool TableSync::adopt(const postgres::SourceTable& table) {
  auto* known = tables_.find(table.schema, table.name);
  Renamed before;
  if (known == nullptr || known->record.oid != table.oid) before = leave_old_name(table.oid, renamed_reason);
  if (known == nullptr) return adopt_new(table, before);
  leaving_.comes_back(*known);  // its outputs continue as removed ones do
  const bool recreated = known->record.oid != table.oid;
  if (recreated) tables_.renumber(*known, table.oid);
  known->source = table;
  bool changed = match_outputs(*known) || recreated;
  for (auto& output : known->outputs) {
    if (output.is_asked) changed = adopt_output(*known, output, recreated) || changed;
  }
  return changed;
}

// The first publication_seen of a run comes before the targets are compared with their records, so it alters none.
bool TableSync::is_caught_up() const {
  return position_ <= reached_ && restyled_;
}

Suspicion::Kind TableSync::judge_columns(const SyncedTable& table, const OutputRecord& record) const {
  if (record.changes_only || record.columns == nullptr || record.fingerprint.empty()) return Suspicion::Kind::resync;
  if (table.source.fingerprint.empty()) return Suspicion::Kind::resync;  // it left before this run
  return judge(table.record, record, table.source, position_ <= reached_, options_.suspicion).kind;
}

// A description does not say which columns a column list holds.
bool TableSync::is_described(const SyncedTable& table, const OutputRecord& record) const {
  const auto& source = table.source;
  if (record.changes_only || record.columns == nullptr || !source.published_columns.empty()) return false;
  return !record.fingerprint.empty() && !source.fingerprint.empty() &&
         postgres::is_described_between(postgres::parse_fingerprint(record.fingerprint),
                                        postgres::parse_fingerprint(source.fingerprint));
}

// Compares an output with its published table. The order matters: a copy that is required by a coarse reason
// (recreated, published again, other columns) makes the finer comparisons needless, and restyle comes last because a
// table that is copied anyway gets its new style with that copy.
bool TableSync::adopt_output(SyncedTable& table, SyncedOutput& output, bool recreated) {
  auto& record = output.record;
  if (is_suspended_by_request(record)) {
    static_cast<void>(restyle(table, output));
    return recreated;
  }
  if (has_changes_alone(record)) {
    if (recreated) record.state = OutputState::removed;
    return continue_with_changes(table, output);
  }
  bool changed = recreated;
  if (recreated) {
    ask_for_copy(table, output, "the table was dropped and created again in the source");
  } else if (record.state == OutputState::removed) {
    ask_for_copy(table, output, "the table is published again");
    changed = true;
  } else if (record.state == OutputState::streaming) {
    const auto reason = other_columns(record, table.source);
    if (!reason.empty()) {
      const auto kind = judge_columns(table, record);
      changed = kind != Suspicion::Kind::in_place && kind != Suspicion::Kind::wait;
    }
    if (changed) ask_for_copy(table, output, reason);
  }
  if (record.state == OutputState::streaming || record.state == OutputState::copying) {
    changed = compare_with_catalog(table, output, position_) || changed;
  }
  changed = restyle(table, output) || changed;
  if (changed && record.state == OutputState::pending) {
    output.copied.reset();
    spdlog::info("table {}.{} is copied again: {}", record.schema, record.name, record.reason);
  }
  return changed;
}

RecordChanges TableSync::decide(Lsn reached) {
  RecordChanges changed;
  reached_ = reached;
  if (!std::exchange(any_undecided_, false)) return changed;
  for (auto& [oid, table] : tables_.all()) {
    for (auto& output : table.outputs) {
      any_undecided_ = any_undecided_ || output.undecided;
      if (!output.undecided || output.record.state != OutputState::streaming || *output.undecided > reached) continue;
      if (!compare_with_catalog(table, output, *output.undecided)) continue;
      if (output.record.state == OutputState::pending) {
        spdlog::info("table {} is copied again: {}", table.source.full_name(), output.record.reason);
      }
      changed.outputs.push_back(output.record);
    }
  }
  changed.alterations = std::exchange(alterations_, {});
  return changed;
}

// In this order: the tables that are renamed, those that are published (rejoin, adopt, then what suspends), those that
// are left out, and last the tables that were in neither list, which leave. A table that moved from one list to the
// other, or came back under another OID, is thereby found before it could count as gone.
RecordChanges TableSync::publication_seen(const postgres::Publication& publication, Lsn reached) {
  RecordChanges changed;
  position_ = publication.position;
  reached_ = reached;
  std::set<Oid> seen, published;
  const auto members_before = std::exchange(members_, {});
  joined_ = publication.joined;
  new_outputs_.look_again();
  follow_renames(publication);
  for (const auto& table : publication.tables) {
    published.insert(table.oid);
    if (!is_wanted(table)) continue;
    seen.insert(table.oid);
    bool altered = rejoin(table);
    altered = adopt(table) || altered;
    auto& known = *find(table.oid);
    for (auto& output : known.outputs) {
      if (!output.is_asked) continue;
      altered = compare_identity(known, output) || altered;
      altered = suspend_unfit(known, output) || altered;
      altered = note_partial(known, output) || altered;
    }
    if (altered) changed.add(known);
    for (const Oid member : table.members) members_[member] = table.oid;
  }
  for (const auto& table : publication.left_out) {
    if (leave_out(table)) changed.add(*find(table.oid));
    if (find(table.oid) != nullptr) seen.insert(table.oid);
  }
  for (auto& [oid, table] : tables_.all()) {
    if (!seen.contains(oid) && leaving_.leave(table, publication, published.contains(oid))) changed.add(table);
  }
  leaving_.keep_members(members_before, members_);
  changed.outputs.insert(changed.outputs.end(), left_.begin(), left_.end());
  left_.clear();
  changed.renames = std::exchange(renames_, {});
  restyled_ = true;
  changed.alterations = std::exchange(alterations_, {});
  return changed;
}

RecordChanges TableSync::copy_again(const std::vector<postgres::TableName>& names, bool all,
                                    const std::string& reason) {
  RecordChanges changed;
  for (auto& [oid, table] : tables_.all()) {
    const bool is_asked = std::ranges::any_of(names, same_table_as(table.record));
    if ((!all && !is_asked) || is_leaving(table.record) || !unfit_reason(table.source).empty()) continue;
    for (auto& output : table.outputs) {
      auto& record = output.record;
      if (record.state == OutputState::removed || record.state == OutputState::left_out) continue;
      if (copies_no_rows(record) && !is_asked) {
        spdlog::warn("table {}.{} continues with its changes only: those before the slot's position are missing",
                     record.schema, record.name);
        continue;
      }
      if (!is_asked && is_suspended_by_request(record)) continue;
      record.changes_only = false;
      record.state = OutputState::pending;
      record.reason = reason;
      record.suspension = {};
      output.retry_scheduled = false;
      output.postponement.reset();
      output.copied.reset();
      changed.outputs.push_back(record);
    }
  }
  return changed;
}

std::vector<FoundOutput> TableSync::order_copies(std::int64_t load_id, SteadyTime now) {
  std::vector<FoundOutput> ordered;
  for (auto& [oid, table] : tables_.all()) {
    for (auto& output : table.outputs) {
      if (!is_copy_due(output, now)) continue;
      if (copies_no_rows(output.record) && table.source.described == nullptr) continue;  // a later poll reads it
      ordered.push_back({.table = &table, .output = &output});
      if (const auto& obstacle = table.source.unreadable; !obstacle.reason.empty()) {
        suspend(output, fmt::format("{}. {}", obstacle.reason, obstacle.remedy));
        continue;
      }
      mark_copying(table, output, load_id, ++newest_copy_);
      any_undecided_ = any_undecided_ || output.undecided;
    }
  }
  return ordered;
}

SyncedTable* TableSync::find_by_relation(Oid relation) {
  const auto member = members_.find(relation);
  return member == members_.end() ? nullptr : find(member->second);
}

bool TableSync::is_settled() const {
  return none_to_be_copied(tables_);
}

bool TableSync::any_streaming() const {
  return std::ranges::any_of(tables_.all(), [](const auto& entry) {
    return !is_leaving(entry.second.record) && has_streaming_output(entry.second);
  });
}

std::unordered_map<Oid, Oid> TableSync::groups() const {
  return members_;
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

bool TableSync::begins_with_its_changes(Oid table) const {
  return !options_.snapshot && !(options_.copy_joining && joined_.contains(table));
}

bool TableSync::leave_out(const postgres::LeftOutTable& table) {
  const postgres::SourceTable named{.oid = table.oid, .schema = table.schema, .name = table.name};
  if (!is_wanted(named)) return false;
  auto* known = tables_.find(table.schema, table.name);
  if (known == nullptr || known->record.oid != table.oid) {
    leave_old_name(table.oid, renamed_reason);
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

RowIdentities TableSync::identities() const {
  RowIdentities identities;
  for (const auto& [oid, table] : tables_.all()) {
    const auto& rows = table.source.row_identity.rows;
    if (rows.kind != postgres::RowIdentity::Kind::as_announced) identities[oid] = rows;
  }
  return identities;
}

RecordChanges TableSync::compare_targets(destination::Destination& destination) {
  std::vector<OutputRecord> asked;
  for (const auto& [oid, table] : tables_.all()) {
    for (const auto& output : table.outputs) {
      const auto& record = output.record;
      if (record.columns == nullptr) continue;
      // An output that was suspended and is now pending is compared too: if its table is too large to be copied without
      // a request, it is suspended again.
      const bool may_stay_suspended = output.was_suspended && record.state == OutputState::pending;
      if (record.state == OutputState::streaming || may_stay_suspended) asked.push_back(record);
    }
  }
  RecordChanges changed;
  for (const auto& altered : destination.inspect(asked)) {
    const auto [table, output] = find(altered.output);
    answer_altered_target(*table, *output, altered, options_.suspicion.resync_max_size);
    changed.outputs.push_back(output->record);
  }
  std::erase_if(described_, [this](const OutputRecord& record) {
    return find(record.id).output->record.state != OutputState::streaming;
  });
  return changed;
}

}  // namespace walbrook::replication
