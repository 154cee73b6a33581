// A target table in memory. Its rows refer to batches that nobody changes any more.
//
// A row is a place in a batch; a column that the batch does not have is NULL in it. Copying a table therefore copies
// places and no values: a transaction changes its own copy, which replaces the table when the transaction is committed.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "destination/state.h"
#include "destination/transaction.h"
#include "model/row_batch.h"
#include "output/row_operations.h"

namespace walbrook::destination::memory {

// The change that wrote a row, for metadata columns.
struct Provenance {
  Lsn lsn;                       // for a copied row: the copy's consistent point
  std::int64_t commit_time = 0;  // 0: unknown, as for a copied row
  std::int64_t load_id = 0;
};

class MemoryTable {
 public:
  struct Row {
    std::shared_ptr<const RowBatch> batch;
    std::uint32_t row = 0;
    Provenance provenance = {};
  };

  MemoryTable(const TableSchema& schema, TargetStyle style);

  // The source's columns, in the order in which they were added; columns that the source has dropped stay.
  [[nodiscard]] const std::vector<ColumnSchema>& columns() const { return columns_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }  // the target's names for columns()
  [[nodiscard]] const TargetStyle& style() const { return style_; }
  [[nodiscard]] bool has_overflow(const std::string& column) const { return overflow_.contains(column); }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  // Returns all values of a source column, with the types in which they were given. A value that has an overflow text
  // has it as its overflow in the result too.
  [[nodiscard]] Column values(const std::string& column) const;

  // All of the alteration but the overflow columns. Columns that the table has already are not added.
  void alter(const Alteration& alteration);
  void add_overflow(const std::string& column) { overflow_.insert(column); }
  void describe(const TableSchema& schema);

  // Appends to `into` the patch's row, with the cells that the patch leaves out taken from the table. Throws
  // Error(data) unless exactly one row of the table has the key of the patch's origin.
  void complete(const Patch& patch, RowBatch& into) const;
  // Removes the rows that `removals` name. Returns how many it removed.
  std::uint64_t remove(std::span<const Removal> removals, const TableSchema& schema, bool keyed);
  // Appends the rows of `batch`. Returns how many values have an overflow text. Throws Error(internal) for such a value
  // whose column has no overflow column, and for a column or type that the table does not have.
  std::uint64_t append(std::shared_ptr<const RowBatch> batch, const std::vector<Provenance>& provenance);
  void clear() { rows_.clear(); }

 private:
  void rename(const std::vector<Alteration::RenamedColumn>& renamed);
  void widen(const ColumnSchema& column);
  void add(const ColumnSchema& column, const Column* value);
  void drop(const std::string& column);  // unless the table lacks it
  // Gives all rows other batches; `change` returns one for each.
  template <class Change>
  void replace_batches(const Change& change);

  std::vector<ColumnSchema> columns_;
  std::vector<std::string> names_;
  TargetStyle style_;
  std::set<std::string> overflow_;  // source columns that have an overflow column
  std::vector<Row> rows_;
};

}  // namespace walbrook::destination::memory
