// Which changes leave the spool so that others have room.
#pragma once

#include "destination/state.h"
#include "replication/core/spool.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

// The output whose copy is given up because bytes did not fit: the one with the most changes in the spool. Throws
// Error(data) if that makes no room, because open transactions alone fill the spool.
[[nodiscard]] OutputId copy_to_give_up(const Spool& spool, const SpoolFull& full);
// Discards the changes of outputs that are not being copied: no copy will need them.
void discard_needless(Spool& spool, TableSync& sync);

}  // namespace walbrook::replication
