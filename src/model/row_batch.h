// Changes of one table at one schema version, columnar, in the order in which the source made them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/lsn.h"
#include "model/column.h"
#include "model/table_schema.h"

namespace walbrook {

enum class Op : std::uint8_t {
  insert,  // the whole new row
  before,  // the old row of the update in the next row: the old key, or under FULL all columns. Only where the source
           // sends an old tuple: the key changed, or FULL, or a key column is stored out of line
  update,  // the new row; cells that are marked unchanged were not sent (TOAST) and keep their old value
  remove,  // DELETE: the old row's key, or under FULL all columns
};

// Cells that are not part of the row's image (other columns than the key in `before` and `remove`) are NULL in their
// column and mean nothing.
struct RowBatch {
  explicit RowBatch(TableSchemaRef of);

  TableSchemaRef schema;
  std::vector<Column> columns;             // as schema->columns
  std::vector<Op> ops;                     // one a row
  std::vector<std::uint32_t> transaction;  // one a row: index into the change batch's transactions, ascending
  // One a row: the number of its change among all changes of the source's transaction, over all tables, from 0 on. An
  // update's `before` has the number of the update. Where a transaction has more than 2^32 changes it begins again.
  std::vector<std::uint32_t> sequence;

  [[nodiscard]] std::size_t rows() const { return ops.size(); }
  // Every column has a value for each row.
  [[nodiscard]] bool is_whole() const;
  [[nodiscard]] std::size_t bytes() const;

  // True when the cell holds no value because the source did not send it (unchanged TOAST). Only in `update` rows.
  [[nodiscard]] bool unchanged(std::size_t row, std::size_t column) const {
    return has_unchanged_ && (unchanged_[row * words_per_row() + column / 64] >> (column % 64) & 1) != 0;
  }
  [[nodiscard]] bool has_unchanged(std::size_t row) const;  // any cell of that row
  [[nodiscard]] bool has_unchanged() const { return has_unchanged_; }
  [[nodiscard]] bool only_inserts() const { return only_inserts_; }

  // Marks a cell of the row that is being appended (the last one), whose column got a NULL.
  void mark_unchanged(std::size_t row, std::size_t column);
  // Closes a row: every column must have one value more than there are rows. Rows that were copied have no sequence.
  void finish_row(Op op, std::uint32_t transaction_index, std::uint32_t change = 0);
  // Takes back what the row that is being appended has so far.
  void drop_open_row();
  // Moves the rows from `row` on to a new batch of the same schema.
  [[nodiscard]] RowBatch split(std::size_t row);

 private:
  friend class PartReader;  // part_codec.cpp
  friend class PartWriter;
  [[nodiscard]] std::size_t words_per_row() const { return (columns.size() + 63) / 64; }

  bool has_unchanged_ = false;
  bool only_inserts_ = true;
  std::vector<std::uint64_t> unchanged_;  // empty, or words_per_row() a row
};

}  // namespace walbrook
