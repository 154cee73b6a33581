// One output's record against what the catalog, its target table and the user say of it now.
#pragma once

#include <cstdint>
#include <string>

#include "destination/destination.h"
#include "model/column_overrides.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// Why the target's columns are not those of the source any more; "" = they are, but for dropped ones.
[[nodiscard]] std::string other_columns(const OutputRecord& record, const postgres::SourceTable& table);
// The target's columns are what they would be if the table were copied now.
[[nodiscard]] bool follows_overrides(const OutputRecord& record, const ResolvedOverrides& overrides);
// Why a table cannot be replicated as it is now, with the SQL that changes it; "" = it can.
[[nodiscard]] std::string unfit_reason(const postgres::SourceTable& table);

// The table's rows are found by other columns than when the output was copied: it is copied again. True: its record
// changed.
bool compare_identity(const SyncedTable& table, SyncedOutput& output);
// The output is suspended where its table cannot be replicated as it is. True: its record changed.
bool suspend_unfit(const SyncedTable& table, SyncedOutput& output);
// Something else has the target's name: the output is suspended. REQUIRES: the finding is a name conflict.
void suspend_for_conflict(SyncedOutput& output, const destination::TargetFinding& conflict);
// Somebody else dropped or altered the target: the output is resynced, or suspended where its table is larger than
// `resync_max_size` (bytes).
void answer_altered_target(const SyncedTable& table, SyncedOutput& output, const destination::TargetFinding& altered,
                           std::uint64_t resync_max_size);

}  // namespace walbrook::replication
