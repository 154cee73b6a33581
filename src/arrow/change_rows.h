// Rows of a batch of changes together with the metadata of each, as a record batch for a program that reads changes one
// by one.
//
// The columns are, in this order: the four below, the table's, and `<column>__v_text` for each column of the table that
// has, in these rows, a value which it cannot hold. If the table has a column with such a name, underscores are
// appended.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "arrow/arrow_export.h"
#include "model/batch.h"

namespace walbrook {

inline constexpr std::string_view operation_column = "_walbrook_operation";      // utf8
inline constexpr std::string_view lsn_column = "_walbrook_lsn";                  // uint64
inline constexpr std::string_view commit_time_column = "_walbrook_commit_time";  // timestamp_tz
inline constexpr std::string_view unchanged_column = "_walbrook_unchanged";      // list(utf8)

// Returns the operation of a row: "insert", "update" or "delete". An update whose old row was sent, in the row before,
// is a delete and an insert.
[[nodiscard]] std::string_view operation_of(const RowBatch& batch, std::size_t row);

class ChangeRows {
 public:
  // Rows [begin, end) of the batch, whose ownership is shared.
  ChangeRows(std::shared_ptr<const RowBatch> batch, std::size_t begin, std::size_t end,
             const std::vector<Transaction>& transactions);
  // The one row of a TRUNCATE, in which every column of the table is NULL.
  ChangeRows(const TableSchemaRef& truncated, const Transaction& transaction);

  [[nodiscard]] const TableSchema& schema() const { return *batch_->schema; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] const std::vector<ArrowField>& fields() const { return fields_; }
  // Returns a copy of the rows; may be called several times.
  [[nodiscard]] ArrowOwned<ArrowArray> array() const;

 private:
  void append_metadata(std::string_view operation, const Transaction& transaction);
  void say_unchanged(std::size_t row);
  void name_columns();

  std::shared_ptr<const RowBatch> batch_;
  std::size_t begin_, rows_;
  Column operation_, lsn_, commit_time_, unchanged_;
  std::vector<Column> overflow_columns_;
  std::vector<ArrowField> fields_;
};

// Returns the end of a batch of at most `most` rows that begins at `begin`. The two rows of an update that changes its
// key stay together, unless `most` is 1.
[[nodiscard]] std::size_t end_of_rows(const RowBatch& batch, std::size_t begin, std::size_t most);

}  // namespace walbrook
