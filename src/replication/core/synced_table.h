// A table and its outputs as a run knows them: their durable records, and the facts that live only as long as the
// process.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "destination/state.h"
#include "postgres/catalog/catalog.h"
#include "replication/core/postponement.h"
#include "replication/core/spooled_columns.h"

namespace walbrook::replication {

using destination::is_suspended_by_request;
using destination::OutputId;
using destination::OutputRecord;
using destination::OutputState;
using destination::TableRecord;

struct SyncedOutput {
  OutputRecord record;
  // The schema in which a target created now would be; "" = a schema named as the source's.
  std::string dataset;
  bool is_asked = true;           // false: the configuration no longer defines it for its table
  SpooledColumns spooled;         // of the changes that wait for its copy
  std::optional<Lsn> copied;      // set once the copy is whole: its consistent point
  TableSchemaRef copied_columns;  // the columns of that copy
  // Set while the catalog's fingerprint of the table differs from the record's and the difference cannot be judged yet:
  // the position up to which the stream has to come first. Set to 0/0 for an output that is being copied and has a
  // partition whose changes are not logged: it is judged once the copy is swapped in.
  std::optional<Lsn> undecided;
  // The name under which the copy under way is swapped in, if it differs from the record's.
  std::optional<destination::TargetName> moves_to;
  std::uint64_t copy_number = 0;             // of the newest order, to recognize results of older ones; 0 = none
  postgres::RowIdentity copy_identity;       // the row identity at the time when the copy was ordered
  Lsn altered_at;                            // the newest commit of a TableError with copy_must_be_newer
  Lsn columns_at;                            // the newest commit with rows whose columns it followed in place
  Lsn described_at;                          // the newest commit with a description of the table that it follows
  std::optional<Postponement> postponement;  // set while it is pending and its copy is postponed
  Lsn suspended_at;                          // the commit that it could not apply; unset where no change was the cause
  bool has_part_under_way = false;  // a part of it is copied again (part_copies.h): its changes are spooled too
  std::string part_waits_for;       // why a requested part is not under way although it was ordered before
  bool was_suspended = false;       // by the last run; this run gives it another chance
  bool retry_scheduled = false;     // this run decided when it is tried again (suspended_tables.h)
  std::uint64_t copied_rows = 0;
};

struct SyncedTable {
  TableRecord record;
  postgres::SourceTable source;
  std::vector<SyncedOutput> outputs;
};

[[nodiscard]] inline bool has_streaming_output(const SyncedTable& table) {
  return std::ranges::any_of(table.outputs,
                             [](const SyncedOutput& output) { return output.record.state == OutputState::streaming; });
}

// An output together with its table. Both pointers are null, or neither is.
struct FoundOutput {
  SyncedTable* table = nullptr;
  SyncedOutput* output = nullptr;
  explicit operator bool() const { return output != nullptr; }
};

// Spooled changes of the output are still needed.
[[nodiscard]] inline bool needs_spooled(const SyncedOutput& output) {
  return output.record.state == OutputState::copying ||
         (output.record.state == OutputState::streaming && output.has_part_under_way);
}

// The output's copy is still to come in this run. It is left to the next run once this one has tried for long enough
// (Postponement::given_up).
[[nodiscard]] inline bool is_to_be_copied(const SyncedOutput& output) {
  if (output.record.state == OutputState::copying) return true;
  return output.record.state == OutputState::pending && !(output.postponement && output.postponement->given_up);
}

// The output waits for a copy, which may be ordered now.
[[nodiscard]] inline bool is_copy_due(const SyncedOutput& output, SteadyTime now) {
  return output.record.state == OutputState::pending && (!output.postponement || is_due(*output.postponement, now));
}

// The output, when it is pending, needs no rows: it begins with its changes, as a run without snapshot asked.
[[nodiscard]] inline bool copies_no_rows(const OutputRecord& record) {
  return record.changes_only;
}

// The output has its changes alone, and has begun.
[[nodiscard]] inline bool has_changes_alone(const OutputRecord& record) {
  return record.changes_only && record.columns != nullptr;
}

// Suspends the output with `reason` and logs that. A copy of it that is whole is no longer used.
void suspend(SyncedOutput& output, const std::string& reason);
// Marks the output for a new copy (leaving.h, require_copy): `pending`, or `removed` or `suspended` where it cannot be
// copied. A copy of it that is whole is no longer used.
void ask_for_copy(const SyncedTable& table, SyncedOutput& output, const std::string& reason);
// Postpones the output's copy: the output is `pending` again, with the reason, and is due after a wait
// (postponement.h).
void postpone(SyncedOutput& output, const CannotCopyNow& why, bool follow, SteadyTime now);

}  // namespace walbrook::replication
