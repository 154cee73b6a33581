// Which outputs wait for a copy, and which are due: pure decisions over the known tables.
#pragma once

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

}  // namespace walbrook::replication
