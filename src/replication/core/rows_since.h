// The part of spooled changes that a copy does not hold.
#pragma once

#include <vector>

#include "model/row_batch.h"
#include "model/transaction.h"

namespace walbrook::replication {

// The rows of a spooled batch whose transactions commit at or after `from`, the seam. Rows are in commit order, so they
// are a tail.
[[nodiscard]] RowBatch rows_since(RowBatch&& batch, const std::vector<Transaction>& transactions, Lsn from);

}  // namespace walbrook::replication
