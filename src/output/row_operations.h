// The row operations that every disposition is made of: complete, remove, append, in this order.
//
// Rows are references into change batches, which keep everything that a disposition may need: all images of a row,
// including those that a later change of the batch replaces (RowBatch::ops), and for each change its commit LSN, commit
// time and xid (Transaction, by RowBatch::transaction) and its number among all changes of its transaction, over all
// tables (RowBatch::sequence).
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "model/row_batch.h"
#include "model/transaction.h"

namespace walbrook {

// A row of one of the folded batches. Borrows the batch.
struct RowRef {
  const RowBatch* batch;
  std::uint32_t row;
};

struct Patch {
  RowRef row;     // the new image; its unchanged cells are read from the target
  RowRef origin;  // its key columns identify the row of the target that has those cells
};

struct Removal {
  RowRef row;           // with a key: its key columns; without: all columns
  std::uint32_t count;  // how many equal rows are removed; with a key: 1
};

struct RowOperations {
  TableSchemaRef schema;  // the common schema of the batches
  // Borrowed: the transactions that RowBatch::transaction of the batches points into. nullptr: no metadata column needs
  // them.
  const std::vector<Transaction>* transactions = nullptr;
  Lsn copied_at;             // of rows that were copied, without `transactions`: the consistent point
  std::int64_t load_id = 0;  // of the load that these operations are part of
  bool keyed = false;
  bool inserts_only = false;    // no row of the target changes: `append` is all there is
  std::vector<Patch> complete;  // rows that are filled in from the target and then appended
  std::vector<Removal> remove;  // includes every key that `append` and `complete` replace
  std::vector<RowRef> append;   // whole rows
  // Rows that were put together from several images; the references above may point into it.
  std::deque<RowBatch> assembled;

  [[nodiscard]] bool empty() const { return complete.empty() && remove.empty() && append.empty(); }
};

}  // namespace walbrook
