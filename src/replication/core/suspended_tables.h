// What becomes of suspended tables while a run is at work: a user suspends and resumes them, and a run with
// `suspended_retry` tries those that suspended themselves again, each by a new copy.
//
// The waits double: `suspended_retry` before the first attempt, at most longest_retry_wait. Attempts are counted in the
// output's record, so that a new run continues the waits. The start of a run is an attempt too: it copies suspended
// outputs at once (table_sync.h).
//
//   time   output                                                                          attempts, retry_at
//   0:00   a value that its target cannot hold: suspended                                  0         0:10
//   0:10   pending, and copied; the value is still there: suspended                        1         0:30
//   0:30   pending, and copied; the value is gone: streaming                               2         1:10
//   0:40   another such value: suspended. It has not streamed until 1:10, so the waits
//          continue; after 1:10 they would begin again with 10 minutes                     2         1:20
//
// So a table that each copy brings back for a moment only is not copied again and again: `retry_at` of a streaming
// output says until when a suspension counts as the same one.
//
// Never tried: what a user suspended; outputs that have their changes alone, which nobody wants copied; and tables that
// cannot be replicated as they are, which a catalog poll brings back when they were altered (TableSync::rejoin). An
// output whose target somebody altered stays suspended if it is too large to be copied without a request.
//
// Only the loader's thread uses it.
#pragma once

#include <optional>
#include <vector>

#include "replication/core/table_request.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

inline constexpr milliseconds longest_retry_wait = std::chrono::hours(24);
// The wait after so many attempts. REQUIRES: first > 0.
[[nodiscard]] milliseconds retry_wait(milliseconds first, std::uint32_t attempts);

class SuspendedTables {
 public:
  // Borrows `sync` for its lifetime. `first_wait` is `suspended_retry`; 0 = nothing is tried again.
  SuspendedTables(TableSync& sync, milliseconds first_wait) : sync_(sync), first_wait_(first_wait) {}

  // Makes the request for the outputs of these tables. REQUIRES: check_request accepts it, and publication_seen was
  // called. Returns the records that changed, to be stored.
  RecordChanges request(Requested what, const std::vector<postgres::TableName>& names);

  // An output may have been suspended since the last schedule().
  void look() { look_ = true; }
  // Decides when the outputs that were suspended are tried again. Returns the records that changed, to be stored.
  RecordChanges schedule(WallTime now);
  // Marks the outputs whose time has come `pending`. Returns the records that changed, to be stored. Throws what
  // Destination::inspect throws, and has changed nothing then.
  RecordChanges retry(WallTime now, destination::Destination& destination);
  // When the next output is tried; nullopt: none is.
  [[nodiscard]] std::optional<WallTime> next_retry() const { return next_retry_; }
  // The copy of the output was swapped in. Returns true if its record changed.
  bool streams_again(SyncedOutput& output, WallTime now) const;

 private:
  [[nodiscard]] bool is_tried(const SyncedTable& table, const SyncedOutput& output) const;
  [[nodiscard]] WallTime after_wait(WallTime now, std::uint32_t attempts) const;
  void find_next();

  TableSync& sync_;
  milliseconds first_wait_;
  bool look_ = true;
  std::optional<WallTime> next_retry_;
};

}  // namespace walbrook::replication
