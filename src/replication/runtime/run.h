// One run of a pipeline: from a source and an opened destination to a copy that equals the source.
//
// Threads (all started and joined by Run::execute):
//   receiver   source socket → assembler → batch queue; answers keepalives whatever the others do
//   loader     batch queue → destination; owns the destination's loads and the table records
//   catalog poll  reads every few seconds what the stream does not say (catalog_poll.h)
//   table copier  copies the tables that the loader ordered
// They sleep until there is something to do (run.cpp). The caller's thread waits; the local server's threads call
// `status` and the destination's query engine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "replication/core/run_observer.h"
#include "replication/core/run_status.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

// A table that is suspended at the end of a run, or left out although it was asked for or has a copy.
struct SuspendedTable {
  destination::OutputRecord record;
  Lsn commit_lsn;  // of the first change that it could not take; unset where no change was the cause
};

// A table that could not be copied although nothing is wrong with it; the reason is the record's.
struct Postponed {
  destination::OutputRecord record;
  Remedy remedy;  // empty = none is known
};

// A table that is not whole at the end of a run, a postponed one among them.
struct Unfinished {
  destination::OutputRecord record;  // pending or copying
  std::uint64_t copied_rows = 0;     // by the copy that was stopped; the next one starts from the beginning
};

struct RunSummary {
  Counts applied;
  std::uint64_t copied_tables = 0;
  std::uint64_t copied_rows = 0;
  double copy_seconds = 0;
  double apply_seconds = 0;  // time spent in loads
  double seconds = 0;
  Lsn checkpoint;
  Lsn next_commit;       // with `until`: the first commit that was not taken; unset: none was seen
  bool stopped = false;  // by request, before its end
  std::vector<Unfinished> unfinished;
  std::vector<SuspendedTable> suspended;
  std::vector<Postponed> postponed;                // pending: this run could not copy them
  std::vector<destination::OutputRecord> suspect;  // streaming tables whose rows may differ from the source
};

class Run {
 public:
  // Borrows both for its lifetime.
  Run(RunOptions options, destination::Destination& destination, RunObserver& observer);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run();

  // Prepares slot and publication, copies, streams. Returns when the work is done or `stop` was requested (the batch
  // in hand is then finished and confirmed). Throws Error; everything durable by then stays so. Call it once.
  RunSummary execute(std::stop_token stop);

  // Any thread, any time.
  [[nodiscard]] RunStatus status() const;
  // Copies these tables again, while readers see what they have. Returns when the request is durable; the copies
  // follow. Throws Error(configuration) for a table that cannot be copied again (resync.h), Error(destination) when the
  // run ends before it took the request. Any thread, while `execute` is at work.
  void resync(const std::vector<postgres::TableName>& tables);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walbrook::replication
