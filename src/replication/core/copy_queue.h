// Which outputs wait for a copy, which are due, and which copies may become visible: pure decisions over the known
// tables.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "replication/core/known_tables.h"

namespace walbrook::replication {

// Outputs whose copies are not postponed beyond `now`, without those whose tables the role cannot read.
[[nodiscard]] std::vector<const SyncedOutput*> copies_due(const KnownTables& tables, SteadyTime now);
// When the first of the postponed copies is; nullopt: this run makes none of them.
[[nodiscard]] std::optional<SteadyTime> next_copy_due(const KnownTables& tables);
// No copy is still to come in this run.
[[nodiscard]] bool none_to_be_copied(const KnownTables& tables);
// Its copy, of that number, is ordered: it is marked copying. `load_id` will tell of it.
void mark_copying(const SyncedTable& table, SyncedOutput& output, std::int64_t load_id, std::uint64_t copy_number);

struct WholeCopies {
  std::vector<FoundOutput> ready;  // of those whose consistent point is reached
  bool any = false;                // there are some, ready or not
  bool all = true;                 // every copy that is still to come in this run is ready
};
[[nodiscard]] WholeCopies whole_copies(std::map<Oid, SyncedTable>& tables, Lsn reached);
// Of the outputs that are marked copying those whose rows are not to be copied (--no-snapshot).
[[nodiscard]] std::vector<FoundOutput> copying_no_rows(std::map<Oid, SyncedTable>& tables);
// The copy has become visible, as the record says.
void mark_visible(SyncedOutput& output);

}  // namespace walbrook::replication
