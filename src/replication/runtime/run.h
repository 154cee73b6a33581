// One run of a pipeline: from a source and an opened destination to target tables that equal the source.
//
// Threads (all started and joined by Run::execute):
//   receiver      reads the source's socket, assembles batches and pushes them to the queue; answers keepalives
//                 whatever the other threads do
//   loader        takes batches from the queue and applies them to the destination; owns the destination's loads and
//                 the table records
//   catalog poll  reads every few seconds what the stream does not report (catalog_poll.h)
//   table copier  copies the tables that the loader ordered
// They sleep until there is something to do (run_threads.h). The caller's thread waits; the threads of the local server
// call `status` and the destination's query engine.
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
#include "replication/core/table_request.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

// A table that is suspended at the end of a run, or that is left out although it was requested or has a target table.
struct SuspendedTable {
  destination::OutputRecord record;
  Lsn commit_lsn;  // of the first change that it could not apply; unset if no change was the cause
};

// A table that could not be copied although nothing is wrong with it; its record has the reason.
struct Postponed {
  destination::OutputRecord record;
  Remedy remedy;  // empty if none is known
};

// A table that is not complete at the end of a run; postponed tables are among them.
struct Unfinished {
  destination::OutputRecord record;  // pending or copying
  std::uint64_t copied_rows = 0;     // rows of the copy that was stopped; the next copy starts from the beginning
};

struct RunSummary {
  Counts applied;
  std::uint64_t copied_tables = 0;
  std::uint64_t copied_rows = 0;
  double copy_seconds = 0;
  double apply_seconds = 0;  // time spent in loads
  double seconds = 0;
  Lsn checkpoint;
  Lsn next_commit;       // with `until`: the first commit that was not applied; unset if none was seen
  bool stopped = false;  // the run ended by request, before its work was done
  std::vector<Unfinished> unfinished;
  std::vector<SuspendedTable> suspended;
  std::vector<destination::OutputRecord> suspended_by_request;  // they are not among `suspended`
  std::vector<Postponed> postponed;                             // pending tables that this run could not copy
  std::vector<destination::OutputRecord> suspect;  // streaming tables whose rows may differ from the source
};

class Run {
 public:
  // Borrows `destination` and `observer` for its lifetime.
  Run(RunOptions options, destination::Destination& destination, RunObserver& observer);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run();

  // Prepares slot and publication, copies, streams. Returns when the work is done or `stop` was requested (the batch in
  // hand is then finished and confirmed). Throws Error; what was durable by then stays durable. REQUIRES: it is called
  // once.
  RunSummary execute(std::stop_token stop);

  // Any thread may call it at any time.
  [[nodiscard]] RunStatus status() const;
  // Resyncs, suspends or resumes these tables (table_request.h). Returns when the request is durable; copies follow.
  // Throws Error(configuration) for a table that the request cannot be made for, Error(destination) if the run ends
  // before it took the request. Any thread may call it while `execute` is at work.
  void request(Requested what, const std::vector<postgres::TableName>& tables);
  // Copies the table's rows that satisfy the condition again (part_request.h). The same holds for it.
  void request_part(const postgres::TableName& table, const std::string& where);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walbrook::replication
