// Disposition `merge`: a run of changes of one table → the row operations that bring its target up to date, by their
// net effect. They are applied in this order: complete, remove, append.
//
// With a key: every key that was touched and may stand in the target is deleted once, and the last image of every key
// that is still there is written once. Without one (REPLICA IDENTITY FULL): rows are a multiset; a deletion takes away
// one row that equals the old image.
//
// An UPDATE that leaves out unchanged TOAST cells takes them from the row's earlier image in the same run; where there
// is none, the row becomes a patch: its missing cells are read from the target's row of `origin` before anything is
// deleted. So swaps and chains of keys come out right.
#pragma once

#include <vector>

#include "output/row_operations.h"

namespace walbrook {

// The batches have equal columns and keys, stand in commit order, and outlive the result.
// A stream that contradicts itself (a second insert of a live key) folds to the last image; `update` and `remove`
// without a replica identity are an Error of kind data: the partition that sent them got one a moment ago.
[[nodiscard]] RowOperations merge_changes(const std::vector<const RowBatch*>& batches);

}  // namespace walbrook
