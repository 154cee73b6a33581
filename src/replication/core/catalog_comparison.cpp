#include "replication/core/catalog_comparison.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "destination/target_shape.h"
#include "postgres/catalog/fingerprint.h"
#include "replication/core/columns_in_place.h"
#include "replication/core/table_comparison.h"

namespace walbrook::replication {
namespace {

// The stream has brought the output further than the catalog was when it was read.
bool is_newer(Lsn commit_lsn, Lsn seen_at) {
  return commit_lsn.is_set() && commit_lsn >= seen_at;
}

}  // namespace

// Adopts column descriptions that the user changed. The target of a streaming output gets them too (take_described).
void CatalogComparison::describe(const SyncedTable& table, SyncedOutput& output) {
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

// Compares names, types and metadata columns with what the user configured, at the first look of a run only. True: they
// differ, and the streaming output becomes pending.
bool CatalogComparison::restyle(const SyncedTable& table, SyncedOutput& output) {
  auto& record = output.record;
  if (has_looked_) return false;
  if (record.columns == nullptr) {
    auto target = new_outputs_.choose_again(output);  // no target exists yet
    record.target_schema = std::move(target.schema);
    record.target_name = std::move(target.table);
    return false;
  }
  const bool has_shape = destination::has_current_shape(new_outputs_.rules(), record, style_, output.dataset);
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

// Judges the difference between the record's fingerprint and the catalog's (suspicion.h). A difference that a TRUNCATE
// may explain waits until the stream has come as far as the catalog (position_ <= reached_). A copy that is not swapped
// in yet is never marked suspect, since it may hold what the catalog shows; that waits too. So does a fingerprint that
// is ahead of descriptions of event triggers, which continue the one of before. What waits is `undecided`, and is
// judged again when the stream has come there. A gap that lasts as long as the table is as it is now (lasting_gap)
// marks a streaming output suspect.
bool CatalogComparison::compare_with_catalog(const SyncedTable& table, SyncedOutput& output, Lsn seen_at) {
  auto& record = output.record;
  const bool copying = record.state == OutputState::copying;
  const auto gap = copying ? std::string() : lasting_gap(table.source);
  output.undecided.reset();
  if (record.changes_only && !copying) return false;
  if (!copying && is_newer(output.described_at, seen_at)) return false;
  if (record.fingerprint == table.source.fingerprint && (gap.empty() || record.suspect == gap)) return false;
  auto found = judge(table.record, record, table.source, !copying && position_ <= reached_, suspicion_);
  const bool is_ahead = (copying || position_ > reached_) && is_followed_by_descriptions(table.source);
  if (found.kind == Suspicion::Kind::wait || (copying && found.kind == Suspicion::Kind::suspect) ||
      (found.kind == Suspicion::Kind::none && is_ahead)) {
    output.undecided = position_;  // a copy is judged once it is swapped in
    return false;
  }
  if (found.kind == Suspicion::Kind::in_place) {
    if (!copying && is_caught_up()) {
      if (is_newer(output.columns_at, seen_at)) return false;
      if (follow_catalog(table, output, alterations_)) return true;
    } else if (copying || may_follow(table, record)) {  // rows may still bring the change
      output.undecided = position_;
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
bool CatalogComparison::continue_with_changes(const SyncedTable& table, SyncedOutput& output) {
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
  if (!has_looked_ && (!destination::has_current_shape(new_outputs_.rules(), record, style_, output.dataset) ||
                       !follows_overrides(record, now.overrides))) {
    spdlog::warn(
        "table {}.{} keeps its name, types and metadata columns: it has its changes only, and only a resync "
        "changes them",
        now.schema, now.name);
  }
  describe(table, output);
  return changed;
}

// The first look of a run comes before the targets are compared with their records, so it alters none.
bool CatalogComparison::is_caught_up() const {
  return position_ <= reached_ && has_looked_;
}

Suspicion::Kind CatalogComparison::judge_columns(const SyncedTable& table, const OutputRecord& record) const {
  if (record.changes_only || record.columns == nullptr || record.fingerprint.empty()) return Suspicion::Kind::resync;
  if (table.source.fingerprint.empty()) return Suspicion::Kind::resync;  // it left before this run
  return judge(table.record, record, table.source, position_ <= reached_, suspicion_).kind;
}

bool CatalogComparison::is_described(const SyncedTable& table, const OutputRecord& record) {
  const auto& source = table.source;
  if (record.changes_only || record.columns == nullptr) return false;
  return !record.fingerprint.empty() && !source.fingerprint.empty() &&
         postgres::is_described_between(postgres::parse_fingerprint(record.fingerprint),
                                        postgres::parse_fingerprint(source.fingerprint));
}

// Compares an output with its published table. The order matters: a copy that is required by a coarse reason
// (recreated, published again, other columns) makes the finer comparisons needless, and restyle comes last because a
// table that is copied anyway gets its new style with that copy.
bool CatalogComparison::adopt(SyncedTable& table, SyncedOutput& output, bool recreated) {
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

}  // namespace walbrook::replication
