// Rows of row batches as text for the server: lines of COPY, or the rows of a VALUES list.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "destination/provenance.h"
#include "destination/selected_rows.h"
#include "model/row_batch.h"
#include "output/row_operations.h"

namespace walbrook::destination::postgresql {

// The source of one column of the text.
struct Field {
  enum class Kind : std::uint8_t {
    value,        // column `column` of the row
    overflow,     // the value's overflow text; NULL if it has none
    unchanged,    // whether the cell was not sent
    count,        // the row's number in `counts`
    ordinal,      // 0, 1, 2, … over all rows
    lsn,          // this and the next three are of the change that wrote the row (Provenance)
    lsn_number,   // the LSN as an integer
    commit_time,  //
    load_id,      //
    null,
  } kind = Kind::null;
  std::uint32_t column = 0;
  bool of_origin = false;  // take the row from `origins`, not from `rows`
};

class RowText {
 public:
  // `schema` describes the batches, and outlives this object.
  RowText(std::vector<Field> fields, const TableSchema& schema, const Provenance& provenance);

  // Returns lines of COPY for all rows. These three throw Error(data) for text that is not UTF-8.
  [[nodiscard]] std::string copy_lines(const SelectedRows& rows);
  // The same for rows of one batch from `first` on, as many as give about `most_bytes`. Advances `first`.
  [[nodiscard]] std::string copy_lines(const RowBatch& batch, std::size_t& first, std::size_t most_bytes);
  // Returns "('1', NULL), ('2', 'x')". `casts`: appended to each value of the first row, "::pg_catalog.int4".
  [[nodiscard]] std::string values_list(const SelectedRows& rows, std::span<const std::string> casts);

  // Values that were written to an overflow column so far.
  [[nodiscard]] std::uint64_t overflow_values() const { return overflow_values_; }

 private:
  // Puts the text of a field into text_; returns false for NULL.
  bool print(const Field& field, const RowRef& row, const RowRef& origin, std::uint32_t count, std::size_t ordinal);
  bool print_cell(const Field& field, const RowRef& row);
  void append_line(std::string& out, const RowRef& row, const RowRef& origin, std::uint32_t count, std::size_t ordinal);
  [[nodiscard]] const walbrook::Transaction* transaction_of(const RowRef& row) const;
  [[nodiscard]] Lsn lsn_of(const RowRef& row) const;  // of the change that wrote the row

  std::vector<Field> fields_;
  const TableSchema& schema_;
  Provenance provenance_;
  std::string text_;  // of the field at hand
  std::uint64_t overflow_values_ = 0;
};

}  // namespace walbrook::destination::postgresql
