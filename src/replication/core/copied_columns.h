// The columns of a copy, compared with the fingerprint that its output got when the copy was ordered.
#pragma once

#include "replication/core/copy_order.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// Makes the record's fingerprint one that knows the columns of the copy, as they were at its consistent point: what is
// altered from there on is compared with it. The catalog was read before the snapshot was taken; columns that were
// altered in between are known from a description that was spooled, or from a reading since. Returns false if none of
// them shows the copy's columns: the table has to be copied again.
[[nodiscard]] bool settle_fingerprint(const SyncedTable& table, SyncedOutput& output, const CopyResult& copy);

}  // namespace walbrook::replication
