// A table and its outputs as a run knows them: their durable records, and what lives only as long as the process.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "destination/state.h"
#include "postgres/catalog/catalog.h"
#include "replication/core/postponement.h"

namespace walbrook::replication {

using destination::OutputId;
using destination::OutputRecord;
using destination::OutputState;
using destination::TableRecord;

struct SyncedOutput {
  OutputRecord record;
  std::string dataset;   // where a target that is made now would be; "" = in a schema named as the source's
  bool is_asked = true;  // false: its table is no longer to have it
  std::set<std::string> overflow_columns;  // of spooled changes: needed in the target before they are merged
  std::optional<Lsn> copied;               // the copy is whole; its consistent point
  TableSchemaRef copied_columns;           // what it looks like
  // What the catalog shows of its table differs from the record's fingerprint, and it is not decided what that means:
  // the stream has not come this far, or the output is being copied.
  std::optional<Lsn> undecided;
  std::optional<destination::TargetName>
      moves_to;                         // where the copy under way will stand, if not where the last one does
  std::uint64_t copy_number = 0;        // of the newest order, so that the result of an outdated one is known; 0 = none
  postgres::RowIdentity copy_identity;  // by what its rows were found when the copy was ordered
  Lsn identity_altered_at;              // the last commit at which a leaf's identity was another than the catalog's
  std::optional<Postponement> postponement;  // pending, and not to be copied before a moment
  Lsn suspended_at;                          // the commit that it could not take; unset where no change was the cause
  bool was_suspended = false;                // by the last run; this one gives it another chance
  std::uint64_t copied_rows = 0;
};

struct SyncedTable {
  TableRecord record;
  postgres::SourceTable source;
  std::vector<SyncedOutput> outputs;
};

// An output together with its table. Both are null, or none.
struct FoundOutput {
  SyncedTable* table = nullptr;
  SyncedOutput* output = nullptr;
  explicit operator bool() const { return output != nullptr; }
};

// Its copy is still to come in this run: not left to the next one, which it is where this one has tried for long
// enough.
[[nodiscard]] inline bool is_to_be_copied(const SyncedOutput& output) {
  if (output.record.state == OutputState::copying) return true;
  return output.record.state == OutputState::pending && !(output.postponement && output.postponement->given_up);
}

// It waits for a copy, which may be ordered now.
[[nodiscard]] inline bool is_copy_due(const SyncedOutput& output, SteadyTime now) {
  return output.record.state == OutputState::pending && (!output.postponement || is_due(*output.postponement, now));
}

// Where it is pending it needs no rows: it is new, and a run without snapshot begins it with its changes.
[[nodiscard]] inline bool copies_no_rows(const OutputRecord& record) {
  return record.changes_only;
}

// It cannot go on, with the reason; the others continue.
void suspend(SyncedOutput& output, const std::string& reason);
// It can go on only with a new copy (require_copy); one that is under way is worth nothing.
void ask_for_copy(const SyncedTable& table, SyncedOutput& output, const std::string& reason);
// A copy of it cannot be made now: it is pending again, with the reason.
void postpone(SyncedOutput& output, const CannotCopyNow& why, bool follow, SteadyTime now);

}  // namespace walbrook::replication
