// Which outputs wait for a copy, which copies are due, and which may be swapped in: pure decisions over the known
// tables.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "replication/core/known_tables.h"

namespace walbrook::replication {

// The pending outputs whose copy is not postponed beyond `now`, except those whose table the role cannot read.
[[nodiscard]] std::vector<const SyncedOutput*> copies_due(const KnownTables& tables, SteadyTime now);
// When the first postponed copy is due; nullopt: this run makes none of them.
[[nodiscard]] std::optional<SteadyTime> next_copy_due(const KnownTables& tables);
// No output's copy is still to come in this run.
[[nodiscard]] bool none_to_be_copied(const KnownTables& tables);
// Marks the output copying, for the copy `copy_number` that is about to be ordered and is reported under `load_id`.
void mark_copying(const SyncedTable& table, SyncedOutput& output, std::int64_t load_id, std::uint64_t copy_number);

struct WholeCopies {
  std::vector<FoundOutput> ready;  // their consistent point is reached
  bool any = false;                // there is a whole copy, ready or not
  bool all = true;                 // every copy that is still to come in this run is ready
};
[[nodiscard]] WholeCopies whole_copies(std::map<Oid, SyncedTable>& tables, Lsn reached);
// The outputs that are marked copying and whose rows are not copied (--no-snapshot).
[[nodiscard]] std::vector<FoundOutput> copying_no_rows(std::map<Oid, SyncedTable>& tables);
// Resets what was kept for the output's copy. REQUIRES: the copy is swapped in, and the record is adopted.
void mark_visible(SyncedOutput& output);

}  // namespace walbrook::replication
