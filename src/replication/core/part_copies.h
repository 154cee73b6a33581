// The parts of tables that are copied again (part_request.h): when they are ordered, and what follows when that ends.
//
// An output with a request is `streaming`. Its part is ordered as soon as the request is durable; from then on the
// output's changes go to its target and to the spool. When the part has come and the checkpoint has reached its
// consistent point, one load applies both (part_apply.h) and removes the request from the record.
//
//   requested ──order──> under way ──ended: copied──> whole ──applied──> done
//       ^                    │                          │
//       └────── a wait ──────┴──────── postpone ────────┘
//
// It can end in two other ways, and the request is dropped in both. `refused`: the source refuses the condition, for
// example a division by zero or a column that was renamed; no row has changed, and the output is what it was before.
// `failed`: a row of the part cannot be read, or the target cannot hold it; the target lacks that row, so the output is
// marked suspect.
//
// A part ends without a result when its output leaves the state `streaming`: a whole copy takes its place. Nothing here
// is durable; a run finds the requests in the records.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "replication/core/copy_order.h"
#include "replication/core/record_changes.h"
#include "replication/core/statistics.h"

namespace walbrook::replication {

class PartCopies {
 public:
  // Borrows all for its lifetime.
  PartCopies(TableSync& sync, Spool& spool, Statistics& statistics, bool follow)
      : sync_(sync), spool_(spool), statistics_(statistics), follow_(follow) {}

  // There may be a new request, or a table that was not seen in the catalog before.
  void look() { look_ = true; }
  // Orders the parts that are due, and forgets those of outputs that no longer stream. Returns the records of outputs
  // whose part cannot be copied any more. REQUIRES: the records are durable.
  [[nodiscard]] RecordChanges order(TableCopier& table_copier, SteadyTime now);
  // Takes the result of an order, unless it is outdated.
  RecordChanges ended(PartResult result, SteadyTime now);
  // The next part that can be applied at the checkpoint `reached`; nullptr: none. Valid until the part is applied,
  // postponed or has failed.
  [[nodiscard]] const PartResult* ready(Lsn reached) const;

  // What follows for the output's part.
  void applied(OutputId output);
  void postpone(OutputId output, const CannotCopyNow& why, SteadyTime now);
  RecordChanges failed(OutputId output, const std::string& why);
  RecordChanges refused(OutputId output, const std::string& why);

  // No part is still to come in this run.
  [[nodiscard]] bool are_settled() const;
  // When the first postponed part is due.
  [[nodiscard]] std::optional<SteadyTime> next_due() const;

 private:
  struct Part {
    std::uint64_t number = 0;  // of its newest order; 0: it waits to be ordered again
    std::string where;         // the condition of that order
    std::optional<PartResult> whole;
    std::optional<Postponement> postponement;  // set once it was postponed
  };
  void order(TableCopier& table_copier, const SyncedTable& table, SyncedOutput& output);
  // The output's changes need not be spooled any more. `waits_for`: why its part is not under way.
  void end(const FoundOutput& found, std::string waits_for = {});

  TableSync& sync_;
  Spool& spool_;
  Statistics& statistics_;
  bool follow_;
  bool look_ = true;
  std::map<OutputId, Part> parts_;  // of streaming outputs with a request that was ordered once
  std::uint64_t newest_ = 0;        // number of the newest order
};

}  // namespace walbrook::replication
