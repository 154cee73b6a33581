// Changes of one table under one version of its schema, columnar, in the order in which the source made them.
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

// A cell that is not part of the row's image (a column outside the key in `before` and `remove`) is NULL and means
// nothing.
struct RowBatch {
  explicit RowBatch(TableSchemaRef of);

  TableSchemaRef schema;
  std::vector<Column> columns;  // in the order of schema->columns
  std::vector<Op> ops;          // one for each row
  // For each row, the index of its transaction in the change batch; ascending.
  std::vector<std::uint32_t> transaction;
  // For each row, the number of its change among all changes of the source's transaction, over all tables, from 0 on.
  // The `before` row of an update has the number of the update. The numbers wrap around after 2^32 changes.
  std::vector<std::uint32_t> sequence;

  [[nodiscard]] std::size_t rows() const { return ops.size(); }
  // Every column has a value for each row.
  [[nodiscard]] bool is_whole() const;
  [[nodiscard]] std::size_t bytes() const;

  // The cell holds no value because the source did not send it (unchanged TOAST). True in `update` rows only.
  [[nodiscard]] bool unchanged(std::size_t row, std::size_t column) const {
    return has_unchanged_ && (unchanged_[row * words_per_row() + column / 64] >> (column % 64) & 1) != 0;
  }
  [[nodiscard]] bool has_unchanged(std::size_t row) const;  // of any cell of that row
  [[nodiscard]] bool has_unchanged() const { return has_unchanged_; }
  [[nodiscard]] bool only_inserts() const { return only_inserts_; }

  // Marks a cell of the row that is being appended (the last one) as unchanged. REQUIRES: its column got a NULL.
  void mark_unchanged(std::size_t row, std::size_t column);
  // Closes a row. REQUIRES: every column has one value more than there are rows. Copied rows have no `change` number.
  void finish_row(Op op, std::uint32_t transaction_index, std::uint32_t change = 0);
  // Takes back what was appended of the open row.
  void drop_open_row();
  // Moves the rows from `row` on to a new batch of the same schema, and returns that.
  [[nodiscard]] RowBatch split(std::size_t row);

 private:
  friend class PartReader;  // part_codec.cpp
  friend class PartWriter;
  [[nodiscard]] std::size_t words_per_row() const { return (columns.size() + 63) / 64; }

  bool has_unchanged_ = false;
  bool only_inserts_ = true;
  std::vector<std::uint64_t> unchanged_;  // empty, or words_per_row() words for each row
};

}  // namespace walbrook
