// The figures of a run: written by its threads, read by `status` from any thread.
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
  // Borrows `clock` for its lifetime.
  Statistics(RunStatus fixed, const Clock& clock) : clock_(clock), status_(std::move(fixed)) {}

  // Sets the phase. `stopping` is final.
  void phase(Phase phase);
  void source(const std::string& where);
  void checkpoint(Lsn lsn);
  void spooled(std::uint64_t bytes);
  void server_position(Lsn lsn);
  // One load became durable. `commit_time` is that of its newest transaction, in microseconds since 1970; `seconds` is
  // how long the load took.
  void loaded(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs,
              std::int64_t commit_time, double seconds);
  // Spooled changes were applied together with their copy. The transactions that made them are counted already.
  void swapped_in(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs);
  void output(const SyncedTable& table, const SyncedOutput& output);
  void copy_progress(OutputId output, std::uint64_t rows);
  [[nodiscard]] std::uint64_t copied_rows(OutputId output) const;  // as copy_progress last reported
  // What copies wait for in the source; "" = they do not wait.
  void waits_for(std::string what);
  void copied(double seconds);  // the copy of a table is whole, after so long
  // While an object of this class lives, the source keeps row versions for the snapshot of a copy.
  class HoldingSnapshot {
   public:
    HoldingSnapshot(Statistics& statistics, RunStatus::CopySnapshot snapshot);
    HoldingSnapshot(const HoldingSnapshot&) = delete;
    HoldingSnapshot& operator=(const HoldingSnapshot&) = delete;
    ~HoldingSnapshot();

   private:
    Statistics& statistics_;
  };

  // The status, with everything except what other components know (queue, receiver).
  [[nodiscard]] RunStatus snapshot() const;
  [[nodiscard]] double load_seconds() const;
  [[nodiscard]] double copy_seconds() const;

 private:
  void add_changes(const Counts& counts, const std::map<OutputId, BatchApply::OutputCounts>& outputs);

  const Clock& clock_;
  mutable std::mutex mutex_;  // guards everything below
  RunStatus status_;
  std::map<OutputId, RunStatus::Table> outputs_;
  std::deque<std::pair<SteadyTime, std::uint64_t>> recent_;  // loads of the last seconds: when, and how many changes
  double load_seconds_ = 0;
  double copy_seconds_ = 0;
  SteadyTime snapshot_since_;  // since when status_.copy_snapshot is held
};

}  // namespace walbrook::replication
