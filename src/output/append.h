// Disposition `append`: every change of a table becomes a row, in the order in which the source made them. Nothing is
// folded, and nothing in the target changes.
//
// The destination reads the operation, the transaction and the number of each change from the row's batch, and so it
// does with the cells that were not sent (RowBatch::unchanged). Where the old row of an update was sent, that `before`
// row is appended too, immediately before the update, from the same batch.
#pragma once

#include <vector>

#include "output/row_operations.h"

namespace walbrook {

// The row operations of these batches: `append` alone. REQUIRES: the batches have equal columns and keys, are in commit
// order, and outlive the result.
[[nodiscard]] RowOperations append_changes(const std::vector<const RowBatch*>& batches);

}  // namespace walbrook
