// Disposition `merge`: a run of changes of one table → the row operations that bring its target up to date, by their
// net effect. They are applied in this order: complete, remove, append.
//
// With a key, every key that was touched and may exist in the target is deleted once, and the last image of every key
// that still exists is written once. Without a key (REPLICA IDENTITY FULL), rows are a multiset; a deletion removes one
// row that equals the old image.
//
// An UPDATE that leaves out unchanged TOAST cells takes them from the row's earlier image in the same run. If there is
// none, the row becomes a patch: its missing cells are read from the target's row of `origin` before anything is
// deleted, so that swaps and chains of keys come out right.
//
// Worked: the target has rows with keys 1 and 2, each with a large text. A run swaps the keys by three UPDATEs, each
// without the text.
//
//   1 → 3   key 1 has no image; key 3 has an image with origin 1
//   2 → 1   key 2 has no image; key 1 has an image with origin 2
//   3 → 2   key 3 has no image; key 2 has an image whose earlier image is that of key 3, with origin 1
//   result  complete: 2 from the target's row 1, 1 from the target's row 2; remove: 1 and 2. Key 3 was never in the
//           target, so it is not removed
#pragma once

#include <vector>

#include "output/row_operations.h"

namespace walbrook {

// The row operations of these batches. Later changes win if the stream contradicts itself (a second insert of a live
// key). Throws Error(data) for an `update` or `remove` without a replica identity: the partition that sent it got one a
// moment ago. REQUIRES: the batches have equal columns and keys, are in commit order, and outlive the result.
[[nodiscard]] RowOperations merge_changes(const std::vector<const RowBatch*>& batches);

}  // namespace walbrook
