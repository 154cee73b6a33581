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

#include <cstdint>
#include <deque>
#include <vector>

#include "model/row_batch.h"
#include "model/transaction.h"

namespace walbrook {

// A row of one of the batches that were folded. Borrows the batch.
struct RowRef {
  const RowBatch* batch;
  std::uint32_t row;
};

struct Patch {
  RowRef row;     // the new image; its unchanged cells are to be read from the target
  RowRef origin;  // the row whose key columns tell which row of the target has them
};

struct Removal {
  RowRef row;           // keyed: its key columns. Without key: all columns
  std::uint32_t count;  // how many equal rows go; keyed: 1
};

struct RowOperations {
  TableSchemaRef schema;  // the batches' common one
  // Borrowed: what the batches' rows point into (RowBatch::transaction). nullptr where no metadata column asks for it.
  const std::vector<Transaction>* transactions = nullptr;
  std::int64_t load_id = 0;  // of the load that this is part of
  bool keyed = false;
  bool inserts_only = false;       // nothing of the target is touched: `append` is all there is
  std::vector<Patch> complete;     // rows to be filled in from the target, and then appended
  std::vector<Removal> remove;     // includes every key that `append` and `complete` replace
  std::vector<RowRef> append;      // whole rows
  std::deque<RowBatch> assembled;  // rows that were put together from several images; referred to from above

  [[nodiscard]] bool empty() const { return complete.empty() && remove.empty() && append.empty(); }
};

// The batches have equal columns and keys, stand in commit order, and outlive the result.
// A stream that contradicts itself (a second insert of a live key) folds to the last image; `update` and `remove`
// without a replica identity are an Error of kind data: the partition that sent them got one a moment ago.
[[nodiscard]] RowOperations merge_changes(const std::vector<const RowBatch*>& batches);

}  // namespace walbrook
