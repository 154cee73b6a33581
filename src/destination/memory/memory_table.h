// A target table in memory: rows that refer to batches which nobody changes any more.
//
// A row is a place in a batch; a column that the batch does not have is NULL in it. So copying a table copies places
// and no values: a transaction changes a copy of its own, which replaces the table when it is committed.
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

// What a row's change was: for metadata columns.
struct Provenance {
  Lsn lsn;                       // of a copied row the copy's consistent point
  std::int64_t commit_time = 0;  // 0: unknown, as of a copied row
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

  // The source's columns, in the order in which they came; those that the source has dropped stay.
  [[nodiscard]] const std::vector<ColumnSchema>& columns() const { return columns_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }  // of the target's columns, likewise
  [[nodiscard]] const TargetStyle& style() const { return style_; }
  [[nodiscard]] bool has_overflow(const std::string& column) const { return overflow_.contains(column); }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  // All values of a column of the source, as typed as they were given; a value with an overflow text has it as its
  // overflow.
  [[nodiscard]] Column values(const std::string& column) const;

  void add_columns(const std::vector<ColumnSchema>& columns);
  void add_overflow(const std::string& column) { overflow_.insert(column); }
  void describe(const TableSchema& schema);

  // A row of the table with the cells that the patch leaves out. Throws Error(data) unless exactly one row of the table
  // has the key of its origin.
  void complete(const Patch& patch, RowBatch& into) const;
  // Takes away the rows that `removals` name; returns how many.
  std::uint64_t remove(std::span<const Removal> removals, const TableSchema& schema, bool keyed);
  // Returns how many values have an overflow text. Throws Error(internal) for one whose column has no overflow column,
  // and for a column or type that the table does not have.
  std::uint64_t append(std::shared_ptr<const RowBatch> batch, const std::vector<Provenance>& provenance);
  void clear() { rows_.clear(); }

 private:
  std::vector<ColumnSchema> columns_;
  std::vector<std::string> names_;
  TargetStyle style_;
  std::set<std::string> overflow_;  // names of the source's columns
  std::vector<Row> rows_;
};

}  // namespace walbrook::destination::memory
