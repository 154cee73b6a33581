// The columns of a copy, compared with the fingerprint that its output got when the copy was ordered.
#pragma once

#include "replication/core/copy_order.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// Makes the record's fingerprint one that knows the columns of the copy, as they were at its consistent point: what is
// altered from there on is compared with it. The catalog was read before the snapshot was taken, and perhaps again
// since. Returns false if the columns were altered in between so that neither reading knows them: the table has to be
// copied again.
[[nodiscard]] bool settle_fingerprint(const SyncedTable& table, OutputRecord& record, const CopyResult& copy);

}  // namespace walbrook::replication
