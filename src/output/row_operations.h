// The row operations of which every disposition is made: complete, remove, append, in this order.
//
// Rows are references into change batches, which keep what every disposition may need: all images of a row, also those
// that a later change of the batch replaces (RowBatch::ops), and of each change its commit LSN, commit time and xid
// (Transaction, by RowBatch::transaction) and its number among all changes of its transaction, over all tables
// (RowBatch::sequence).
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

}  // namespace walbrook
