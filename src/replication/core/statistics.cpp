#include "replication/core/statistics.h"

#include <chrono>

namespace walbrook::replication {
namespace {

constexpr std::chrono::seconds rate_window{5};

}  // namespace

void Statistics::phase(Phase phase) {
  const std::lock_guard lock(mutex_);
  if (status_.phase != Phase::stopping) status_.phase = phase;
}

void Statistics::source(const std::string& where) {
  const std::lock_guard lock(mutex_);
  status_.source = where;
}

void Statistics::checkpoint(Lsn lsn) {
  const std::lock_guard lock(mutex_);
  status_.checkpoint = lsn;
}

void Statistics::spooled(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  status_.spooled_bytes = bytes;
}

void Statistics::server_position(Lsn lsn) {
  const std::lock_guard lock(mutex_);
  status_.server = lsn;
}

void Statistics::loaded(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs,
                        std::int64_t commit_time, double seconds) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  status_.applied.transactions += counts.transactions;
  status_.applied.truncates += counts.truncates;
  ++status_.applied.loads;
  load_seconds_ += seconds;
  add_changes(counts, outputs);
  if (commit_time != 0) {
    const auto age =
        std::chrono::duration_cast<std::chrono::microseconds>(now.wall.time_since_epoch()).count() - commit_time;
    status_.last_commit_lag_ms = static_cast<double>(age) / 1000.0;
  }
  recent_.emplace_back(now.steady, counts.inserts + counts.updates + counts.deletes);
  while (recent_.back().first - recent_.front().first > rate_window) recent_.pop_front();
}

void Statistics::swapped_in(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs) {
  const std::lock_guard lock(mutex_);
  add_changes(counts, outputs);
}

// REQUIRES: mutex_ is locked.
void Statistics::add_changes(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs) {
  auto& applied = status_.applied;
  applied.inserts += counts.inserts;
  applied.updates += counts.updates;
  applied.deletes += counts.deletes;
  applied.overflow_values += counts.overflow_values;
  for (const auto& [id, each] : outputs) {
    auto& table = outputs_[id];
    table.inserts += each.inserts;
    table.updates += each.updates;
    table.deletes += each.deletes;
  }
}

void Statistics::output(const SyncedTable& of, const SyncedOutput& synced) {
  const auto& record = synced.record;
  const std::lock_guard lock(mutex_);
  auto& table = outputs_[record.id];
  table.schema = record.schema;
  table.name = record.name;
  table.target_schema = record.target_schema;
  table.target_name = record.target_name;
  table.state = record.state;
  table.reason = record.reason;
  table.suspect = record.suspect;
  show_suspension(record, table);
  table.resync_where = record.resync_where;
  table.part_under_way = synced.has_part_under_way;
  table.part_waits_for = synced.part_waits_for;
  table.estimated_rows = of.source.estimated_rows;
}

void Statistics::copy_progress(OutputId output, std::uint64_t rows) {
  const std::lock_guard lock(mutex_);
  outputs_[output].copied_rows = rows;
}

std::uint64_t Statistics::copied_rows(OutputId output) const {
  const std::lock_guard lock(mutex_);
  const auto found = outputs_.find(output);
  return found == outputs_.end() ? 0 : found->second.copied_rows;
}

void Statistics::waits_for(std::string what) {
  const std::lock_guard lock(mutex_);
  status_.waits_for = std::move(what);
}

void Statistics::copied(double seconds) {
  const std::lock_guard lock(mutex_);
  copy_seconds_ += seconds;
}

Statistics::HoldingSnapshot::HoldingSnapshot(Statistics& statistics, RunStatus::CopySnapshot snapshot)
    : statistics_(statistics) {
  const std::lock_guard lock(statistics_.mutex_);
  statistics_.status_.copy_snapshot = std::move(snapshot);
  statistics_.snapshot_since_ = statistics_.clock_.now().steady;
}

Statistics::HoldingSnapshot::~HoldingSnapshot() {
  const std::lock_guard lock(statistics_.mutex_);
  statistics_.status_.copy_snapshot.reset();
}

RunStatus Statistics::snapshot() const {
  const auto now = clock_.now().steady;
  const std::lock_guard lock(mutex_);
  RunStatus status = status_;
  for (const auto& [id, table] : outputs_) {
    auto& shown = status.tables.emplace_back(table);
    const bool waits = table.state == OutputState::copying && table.copied_rows == 0;
    if (waits && !status.waits_for.empty()) shown.reason = "waits for " + status.waits_for;
  }
  if (status.copy_snapshot) {
    status.copy_snapshot->seconds = std::chrono::duration<double>(now - snapshot_since_).count();
  }
  std::uint64_t changes = 0;
  for (const auto& [when, count] : recent_) changes += now - when <= rate_window ? count : 0;
  status.rows_per_second = static_cast<double>(changes) / static_cast<double>(rate_window.count());
  return status;
}

double Statistics::load_seconds() const {
  const std::lock_guard lock(mutex_);
  return load_seconds_;
}

double Statistics::copy_seconds() const {
  const std::lock_guard lock(mutex_);
  return copy_seconds_;
}

}  // namespace walbrook::replication
