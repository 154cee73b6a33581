// One output's record, compared with what the catalog, its target table and the configuration show now.
#pragma once

#include <cstdint>
#include <string>

#include "destination/destination.h"
#include "model/column_overrides.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// Why the target lacks columns of the source as they are now; "" = it has all of them, perhaps with dropped ones.
[[nodiscard]] std::string other_columns(const OutputRecord& record, const postgres::SourceTable& table);
// The names and types of the target's columns are those that a copy made now would give them. REQUIRES: record.columns
// is set.
[[nodiscard]] bool follows_overrides(const OutputRecord& record, const ResolvedOverrides& overrides);
// Why a table cannot be replicated as it is now, with the SQL that fixes it; "" = it can.
[[nodiscard]] std::string unfit_reason(const postgres::SourceTable& table);

// Compares the table's row identity with the one at the time of the copy: if it differs, the output is copied again.
// Returns true if its record changed.
bool compare_identity(const SyncedTable& table, SyncedOutput& output);
// Suspends the output if its table cannot be replicated as it is. Returns true if its record changed.
bool suspend_unfit(const SyncedTable& table, SyncedOutput& output);
// Suspends the output because something else has its target name. REQUIRES: `conflict` is a name conflict.
void suspend_for_conflict(SyncedOutput& output, const destination::TargetFinding& conflict);
// Answers a target that somebody else dropped or altered: the output is resynced, or suspended if its table is larger
// than `resync_max_size` (bytes) or its target name belongs to another table.
void answer_altered_target(const SyncedTable& table, SyncedOutput& output, const destination::TargetFinding& altered,
                           std::uint64_t resync_max_size);

}  // namespace walbrook::replication
