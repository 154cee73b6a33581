#include "replication/core/table_sync.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "destination/target_shape.h"
#include "postgres/catalog/fingerprint.h"
#include "replication/core/leaving.h"
#include "replication/core/table_comparison.h"

namespace walbrook::replication {
namespace {

// Where its target is, or will be.
destination::TargetName target_name_of(const SyncedTable& table) {
  return table.moves_to.value_or(
      destination::TargetName{.schema = table.record.target_schema, .table = table.record.target_name});
}

}  // namespace

TableSync::TableSync(TableSyncOptions options, const destination::NameRules& names, std::vector<TableRecord> records)
    : options_(std::move(options)), names_(names) {
  for (auto& record : records) {
    const Oid oid = record.oid;
    if (oid == 0) continue;  // a name that a table no longer has
    if (record.state == TableState::loaded) {
      without_source_.push_back(std::move(record));
      continue;
    }
    // A copy that was under way ended with the process that made it; a table that was set aside gets another chance,
    // but where only a copy that nobody asked for would give it one.
    const bool stays = record.changes_only && record.columns != nullptr;
    const bool was_suspended = record.state == TableState::quarantined && !stays;
    if (record.state == TableState::copying || (record.state == TableState::quarantined && !stays)) {
      record.state = TableState::pending;
    }
    if (is_leaving(record)) leaving_.insert(oid);
    tables_.add(std::move(record)).was_suspended = was_suspended;
  }
  for (const auto& name : options_.wanted) wanted_.emplace(name.schema, name.name);
}

bool TableSync::wanted(const postgres::SourceTable& table) const {
  return wanted_.empty() || wanted_.contains({table.schema, table.name});
}

TargetNames& TableSync::target_names() {
  if (target_names_) return *target_names_;
  auto& names = target_names_.emplace(names_);
  for (const auto& record : without_source_) names.add({.schema = record.target_schema, .table = record.target_name});
  for (const auto& [oid, table] : tables_.all()) names.add(target_name_of(table));
  return names;
}

destination::TargetName TableSync::choose_target(const TableRecord& record,
                                                 const std::optional<destination::TargetName>& former) {
  auto& names = target_names();
  if (former) names.remove(*former);
  auto chosen =
      destination::target_name(names_, options_.style.naming, options_.dataset, record.schema, record.name,
                               [&names](const destination::TargetName& wanted) { return names.contains(wanted); });
  names.add(chosen);
  return chosen;
}

TableRecord TableSync::new_record(const postgres::SourceTable& table) {
  TableRecord record{.oid = table.oid, .schema = table.schema, .name = table.name};
  auto target = choose_target(record, std::nullopt);
  record.target_schema = std::move(target.schema);
  record.target_name = std::move(target.table);
  return record;
}

void TableSync::describe(SyncedTable& table) {
  auto described = *table.record.columns;
  for (auto& column : described.columns) {
    const auto wish = table.source.wishes.find(column.name);
    if (wish != table.source.wishes.end() && wish->second.description) column.description = *wish->second.description;
  }
  if (described == *table.record.columns) return;
  table.record.columns = std::make_shared<const TableSchema>(std::move(described));
  if (table.record.state == TableState::streaming) described_.push_back(table.record);
}

// Names, types or metadata columns are asked for otherwise than when the copy was made.
bool TableSync::restyle(SyncedTable& table) {
  auto& record = table.record;
  if (restyled_) return false;
  if (record.columns == nullptr) {
    auto target = choose_target(record, target_name_of(table));  // nothing of it stands anywhere
    record.target_schema = std::move(target.schema);
    record.target_name = std::move(target.table);
    return false;
  }
  const bool fits = destination::fits(record, options_.style, options_.dataset);
  if (fits && as_wished(record, table.source.wishes)) {
    describe(table);
    return false;
  }
  if (!fits) {
    auto target = choose_target(record, target_name_of(table));
    if (target.schema != record.target_schema || target.table != record.target_name) table.moves_to = std::move(target);
  }
  if (record.state != TableState::streaming) return false;
  record.state = TableState::pending;
  record.reason = "names, types or metadata columns are asked for otherwise than when it was copied";
  return true;
}

// The table was renamed in the source: what stands under its old name here is its last copy from before. True where
// that has the table's changes alone.
bool TableSync::leave_old_name(Oid oid) {
  const auto* found = find(oid);
  if (found == nullptr) return false;
  if (target_names_) target_names_->remove(target_name_of(*found));
  auto record = found->record;
  tables_.remove(oid);
  leaving_.erase(oid);
  record.oid = 0;
  record.state = TableState::removed;
  record.reason = "renamed in the source; its last copy stays";
  spdlog::warn("table {}.{} was {}", record.schema, record.name, record.reason);
  const bool changes_only = record.changes_only;
  left_.push_back(std::move(record));
  return changes_only;
}

bool TableSync::adopt_new(const postgres::SourceTable& table, bool changes_only) {
  auto record = new_record(table);
  record.fingerprint = table.fingerprint;
  record.changes_only = changes_only;
  tables_.add(std::move(record)).source = table;
  return true;
}

void TableSync::mark_suspect(SyncedTable& table, std::string reason) {
  if (table.record.suspect == reason) return;
  spdlog::warn("table {} is suspect: {}", table.source.full_name(), reason);
  table.record.suspect = std::move(reason);
}

bool TableSync::compare_with_catalog(SyncedTable& table) {
  auto& record = table.record;
  const bool copying = record.state == TableState::copying;
  const auto gap = copying ? std::string() : standing_gap(table.source);
  table.undecided.reset();
  if (record.changes_only && !copying) return false;
  if (record.fingerprint == table.source.fingerprint && (gap.empty() || record.suspect == gap)) return false;
  auto found = judge(record, table.source, !copying && position_ <= reached_, options_.suspicion);
  if (found.kind == Suspicion::Kind::wait || (copying && found.kind == Suspicion::Kind::suspect)) {
    table.undecided = position_;  // of a copy it is told once it is whole
    any_undecided_ = true;
    return false;
  }
  if (found.kind == Suspicion::Kind::resync) {
    ask_for_copy(table, found.reason);
    return true;
  }
  if (found.kind == Suspicion::Kind::suspect) mark_suspect(table, std::move(found.reason));
  if (!gap.empty()) mark_suspect(table, gap);
  record.fingerprint = table.source.fingerprint;
  return true;
}

// Its rows are never copied: what another table would be copied for leaves a gap here, which the user asked for. New
// columns come with the first change that has them (PackageApply).
bool TableSync::go_on_with_changes(SyncedTable& table, const postgres::SourceTable& now) {
  auto& record = table.record;
  const bool came_back = record.state == TableState::removed;
  const bool changed = came_back || record.fingerprint != now.fingerprint;
  if (changed) {
    spdlog::warn("table {}.{} goes on with its changes alone: {}", now.schema, now.name,
                 came_back
                     ? "those from while it was not published are missing"
                     : "the publication or the table was altered, rows that changed without a message are missing");
  }
  if (came_back) {
    record.state = TableState::streaming;
    record.reason.clear();
  }
  record.fingerprint = now.fingerprint;
  table.source = now;
  if (!restyled_ && (!destination::fits(record, options_.style, options_.dataset) || !as_wished(record, now.wishes))) {
    spdlog::warn(
        "table {}.{} keeps its name, types and metadata columns: it has its changes alone, and only a resync "
        "changes them",
        now.schema, now.name);
  }
  describe(table);
  return changed;
}

// Takes one published table in; true when its record changed.
bool TableSync::adopt(const postgres::SourceTable& table) {
  auto* known = tables_.find(table.schema, table.name);
  bool had_changes_only = false;
  if (known == nullptr || known->record.oid != table.oid) had_changes_only = leave_old_name(table.oid);
  if (known == nullptr) return adopt_new(table, had_changes_only || begins_with_its_changes(table.oid));
  if (leaving_.erase(known->record.oid) > 0) {  // it comes back, with a gap
    known->record.leaves_xid = 0;
    known->record.leaves_at = {};
    known->record.state = TableState::removed;
  }
  bool changed = false;
  if (known->record.oid != table.oid) {
    tables_.renumber(*known, table.oid);
    if (known->record.changes_only && known->record.columns != nullptr) {
      known->record.state = TableState::removed;
      return go_on_with_changes(*known, table);
    }
    ask_for_copy(*known, "the table was dropped and created again in the source");
    changed = true;
  } else if (known->record.changes_only && known->record.columns != nullptr) {
    return go_on_with_changes(*known, table);
  } else if (known->record.state == TableState::removed) {
    ask_for_copy(*known, "the table is published again");
    changed = true;
  } else if (known->record.state == TableState::streaming) {
    const auto reason = other_columns(known->record, table);
    if (!reason.empty()) ask_for_copy(*known, reason);
    changed = !reason.empty();
  }
  known->source = table;
  if (known->record.state == TableState::streaming || known->record.state == TableState::copying) {
    changed = compare_with_catalog(*known) || changed;
  }
  changed = restyle(*known) || changed;
  if (changed && known->record.state == TableState::pending) {
    known->copied.reset();
    spdlog::info("table {}.{} is copied anew: {}", table.schema, table.name, known->record.reason);
  }
  return changed;
}

std::vector<TableRecord> TableSync::decide(Lsn reached) {
  std::vector<TableRecord> changed;
  reached_ = reached;
  if (!std::exchange(any_undecided_, false)) return changed;
  for (auto& [oid, table] : tables_.all()) {
    any_undecided_ = any_undecided_ || table.undecided;
    if (!table.undecided || table.record.state != TableState::streaming || *table.undecided > reached) continue;
    if (!compare_with_catalog(table)) continue;
    if (table.record.state == TableState::pending) {
      spdlog::info("table {} is copied anew: {}", table.source.full_name(), table.record.reason);
    }
    changed.push_back(table.record);
  }
  return changed;
}

// The catalog no longer tells whose changes are those of tables that leave. A run that has not seen one published goes
// by its fingerprint.
void TableSync::keep_members(const std::unordered_map<Oid, Oid>& before) {
  for (const auto& [member, of] : before) {
    if (leaving_.contains(of)) members_.try_emplace(member, of);
  }
  for (const auto oid : leaving_) {
    members_[oid] = oid;
    const auto& fingerprint = tables_.all().at(oid).record.fingerprint;
    if (before.contains(oid) || fingerprint.empty()) continue;
    for (const auto& member : postgres::parse_fingerprint(fingerprint).members) members_.try_emplace(member.oid, oid);
  }
}

std::vector<TableRecord> TableSync::publication_seen(const postgres::Publication& publication, Lsn reached) {
  std::vector<TableRecord> changed;
  position_ = publication.position;
  reached_ = reached;
  std::set<Oid> seen, published;
  const auto members_before = std::exchange(members_, {});
  joined_ = publication.joined;
  target_names_.reset();  // some may have moved since
  for (const auto& table : publication.tables) {
    published.insert(table.oid);
    if (!wanted(table)) continue;
    seen.insert(table.oid);
    bool altered = rejoin(table);
    altered = adopt(table) || altered;
    auto& known = *find(table.oid);
    altered = compare_identity(known) || altered;
    altered = suspend_unfit(known) || altered;
    if (altered) changed.push_back(known.record);
    for (const Oid member : table.members) members_[member] = table.oid;
  }
  for (const auto& table : publication.left_out) {
    if (leave_out(table)) changed.push_back(find(table.oid)->record);
    if (find(table.oid) != nullptr) seen.insert(table.oid);
  }
  for (auto& [oid, table] : tables_.all()) {
    if (seen.contains(oid) || table.record.state == TableState::removed) continue;
    if (table.record.state == TableState::streaming && !published.contains(oid) && publication.moment.lsn.is_set()) {
      if (note_leaving(table.record, publication.moment)) changed.push_back(table.record);
      leaving_.insert(oid);
      continue;
    }
    leaving_.erase(oid);
    remove_from_copy(table.record);
    table.copied.reset();
    changed.push_back(table.record);
  }
  keep_members(members_before);
  changed.insert(changed.end(), left_.begin(), left_.end());
  left_.clear();
  restyled_ = true;
  return changed;
}

std::vector<TableRecord> TableSync::copy_anew(const std::vector<postgres::TableName>& names, bool all,
                                              const std::string& reason) {
  std::vector<TableRecord> changed;
  for (auto& [oid, table] : tables_.all()) {
    auto& record = table.record;
    const auto asked = [&record](const postgres::TableName& name) {
      return name.schema == record.schema && name.name == record.name;
    };
    if (record.state == TableState::removed || (!all && std::ranges::none_of(names, asked))) continue;
    if (record.state == TableState::left_out || !unfit_reason(table.source).empty()) continue;
    if (is_leaving(record)) continue;
    if (copies_no_rows(record) && std::ranges::none_of(names, asked)) {
      spdlog::warn("table {}.{} goes on with its changes alone: those before the slot's position are missing",
                   record.schema, record.name);
      continue;
    }
    record.changes_only = false;
    record.state = TableState::pending;
    record.reason = reason;
    table.postponement.reset();
    table.copied.reset();
    changed.push_back(record);
  }
  return changed;
}

std::vector<TableRecord> TableSync::let_go(Lsn checkpoint) {
  std::vector<TableRecord> gone;
  for (auto at = leaving_.begin(); at != leaving_.end();) {
    auto& record = tables_.all().at(*at).record;
    if (!has_left(record, checkpoint)) {
      ++at;
      continue;
    }
    remove_from_copy(record);
    gone.push_back(record);
    at = leaving_.erase(at);
  }
  return gone;
}

Lsn TableSync::last_leaves_at() const {
  Lsn last;
  for (const auto oid : leaving_) last = std::max(last, tables_.all().at(oid).record.leaves_at);
  return last;
}

std::optional<SteadyTime> TableSync::next_due() const {
  std::optional<SteadyTime> next;
  for (const auto& [oid, table] : tables_.all()) {
    if (table.record.state != TableState::pending || !table.postponement || table.postponement->given_up) continue;
    if (!next || table.postponement->again_at < *next) next = table.postponement->again_at;
  }
  return next;
}

std::vector<const SyncedTable*> TableSync::copies_due(SteadyTime now) const {
  std::vector<const SyncedTable*> due;
  for (const auto& [oid, table] : tables_.all()) {
    if (table.record.state != TableState::pending || !table.source.unreadable.reason.empty()) continue;
    if (!table.postponement || is_due(*table.postponement, now)) due.push_back(&table);
  }
  return due;
}

std::vector<SyncedTable*> TableSync::order_copies(std::int64_t load_id, SteadyTime now) {
  std::vector<SyncedTable*> ordered;
  for (auto& [oid, table] : tables_.all()) {
    if (table.record.state != TableState::pending) continue;
    if (table.postponement && !is_due(*table.postponement, now)) continue;
    if (copies_no_rows(table.record) && table.source.described == nullptr) continue;  // the catalog poll reads it
    if (const auto& obstacle = table.source.unreadable; !obstacle.reason.empty()) {
      suspend(table, fmt::format("{}. {}", obstacle.reason, obstacle.remedy));
      ordered.push_back(&table);
      continue;
    }
    table.record.state = TableState::copying;
    table.record.snapshot_lsn = {};
    table.record.load_id = load_id;
    table.copied.reset();
    table.identity_altered_at = {};
    table.copy_identity = table.source.row_identity.rows;
    table.undecided = table.source.unseen_partition.empty() ? std::nullopt : std::optional(Lsn{});
    any_undecided_ = any_undecided_ || table.undecided;
    table.record.fingerprint = table.source.fingerprint;
    table.copy_number = ++newest_copy_;
    ordered.push_back(&table);
  }
  return ordered;
}

SyncedTable* TableSync::find_by_relation(Oid relation) {
  const auto member = members_.find(relation);
  return member == members_.end() ? nullptr : find(member->second);
}

bool TableSync::settled() const {
  return std::ranges::none_of(tables_.all(), [](const auto& entry) { return is_to_be_copied(entry.second); });
}

bool TableSync::any_streaming() const {
  return std::ranges::any_of(tables_.all(), [](const auto& entry) {
    const auto& record = entry.second.record;
    return record.state == TableState::streaming && !is_leaving(record);
  });
}

std::unordered_map<Oid, Oid> TableSync::groups() const {
  return members_;
}

// It can be published or applied again: before `adopt`, which compares all else.
bool TableSync::rejoin(const postgres::SourceTable& table) {
  auto* known = find(table.oid);
  if (known == nullptr) return false;
  auto& record = known->record;
  const bool was_seen = known->source.oid != 0;
  const bool altered = was_seen && known->source.row_identity != table.row_identity;
  const bool freed = was_seen && (known->source.unfit != table.unfit || known->source.unreadable != table.unreadable);
  if (record.state != TableState::left_out && (record.state != TableState::quarantined || !(altered || freed))) {
    return false;
  }
  if (record.columns == nullptr && begins_with_its_changes(table.oid)) record.changes_only = true;
  ask_for_copy(*known, freed && !altered ? "what it was suspended for was altered in the source"
                                         : "its replica identity was altered in the source");
  return true;
}

bool TableSync::begins_with_its_changes(Oid table) const {
  return !options_.snapshot && !(options_.copy_joining && joined_.contains(table));
}

bool TableSync::leave_out(const postgres::LeftOutTable& table) {
  const postgres::SourceTable named{.oid = table.oid, .schema = table.schema, .name = table.name};
  if (!wanted(named)) return false;
  auto* known = tables_.find(table.schema, table.name);
  if (known == nullptr || known->record.oid != table.oid) {
    leave_old_name(table.oid);
    if (known != nullptr) {  // dropped and created again
      tables_.renumber(*known, table.oid);
    } else {
      known = &tables_.add(new_record(named));
    }
  }
  auto& entry = *known;
  auto& record = entry.record;
  auto reason = fmt::format("{}. {}", table.lack, table.remedy);
  if (record.state == TableState::left_out && record.reason == reason) return false;
  record.state = TableState::left_out;
  record.reason = std::move(reason);
  entry.source = named;
  entry.copied.reset();
  if (is_missed(entry)) {
    spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
  }
  return true;
}

bool TableSync::is_missed(const SyncedTable& table) const {
  if (table.record.state != TableState::left_out) return false;
  return table.record.columns != nullptr || !options_.wanted.empty();
}

RowIdentities TableSync::identities() const {
  RowIdentities identities;
  for (const auto& [oid, table] : tables_.all()) {
    const auto& rows = table.source.row_identity.rows;
    if (rows.kind != postgres::RowIdentity::Kind::as_announced) identities[oid] = rows;
  }
  return identities;
}

std::vector<TableRecord> TableSync::compare_targets(destination::Destination& destination) {
  std::vector<TableRecord> streaming;
  for (const auto& [oid, table] : tables_.all()) {
    if (table.record.columns == nullptr) continue;
    // One that is to be copied anyway is looked at where it is too large for that without being asked for.
    const bool may_stay_suspended = table.was_suspended && table.record.state == TableState::pending;
    if (table.record.state == TableState::streaming || may_stay_suspended) streaming.push_back(table.record);
  }
  std::vector<TableRecord> changed;
  for (const auto& altered : destination.inspect(streaming)) {
    auto& table = tables_.all().at(altered.oid);
    answer_altered_target(table, altered, options_.suspicion.resync_max_size);
    changed.push_back(table.record);
  }
  std::erase_if(described_, [this](const TableRecord& record) {
    return tables_.all().at(record.oid).record.state != TableState::streaming;
  });
  return changed;
}

}  // namespace walbrook::replication
