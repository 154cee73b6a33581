// What a run tells of itself: written by its threads, read by `status` from any other.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "replication/core/batch_apply.h"
#include "replication/core/run_status.h"

namespace walbrook::replication {

class Statistics {
 public:
  // Borrows the clock.
  Statistics(RunStatus fixed, const Clock& clock) : clock_(clock), status_(std::move(fixed)) {}

  void phase(Phase phase);
  void source(const std::string& where);
  void checkpoint(Lsn lsn);
  void spooled(std::uint64_t bytes);
  void server_position(Lsn lsn);
  // One load became durable; `commit_time` of its newest transaction, microseconds since 1970.
  void loaded(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs,
              std::int64_t commit_time, double seconds);
  // Changes that waited for a copy, and were applied with it; the transactions that made them are counted already.
  void swapped_in(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs);
  void output(const SyncedTable& table, const SyncedOutput& output);
  void copy_progress(OutputId output, std::uint64_t rows);
  [[nodiscard]] std::uint64_t copied_rows(OutputId output) const;  // as copy_progress said last
  // What copies wait for in the source; "" = nothing.
  void waits_for(std::string what);
  void copied(double seconds);  // a table's copy is whole; how long it took
  // While it lives the source keeps row versions for a copy's snapshot.
  class HoldingSnapshot {
   public:
    HoldingSnapshot(Statistics& statistics, RunStatus::CopySnapshot snapshot);
    HoldingSnapshot(const HoldingSnapshot&) = delete;
    HoldingSnapshot& operator=(const HoldingSnapshot&) = delete;
    ~HoldingSnapshot();

   private:
    Statistics& statistics_;
  };

  // With everything that is not derived from other parts (queue, receiver).
  [[nodiscard]] RunStatus snapshot() const;
  [[nodiscard]] double load_seconds() const;
  [[nodiscard]] double copy_seconds() const;

 private:
  void add_changes(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs);

  const Clock& clock_;
  mutable std::mutex mutex_;  // guards everything below
  RunStatus status_;
  std::map<OutputId, RunStatus::Table> outputs_;
  std::deque<std::pair<SteadyTime, std::uint64_t>> recent_;  // loads of the last seconds: when, how many changes
  double load_seconds_ = 0;
  double copy_seconds_ = 0;
  SteadyTime snapshot_since_;  // of status_.copy_snapshot
};

}  // namespace walbrook::replication
