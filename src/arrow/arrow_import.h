// Copies rows of an Arrow array into columns.
//
// The array comes from another library. What can be known to be wrong before a value is read (counts, missing buffers,
// offsets that do not ascend or exceed their child) throws Error(data), as does each value that cannot be stored
// exactly. How long a buffer is cannot be known: offsets into the bytes of texts are trusted.
//
// Infinite dates and timestamps are ±INT32_MAX and ±INT64_MAX, as in arrow_export.h; timestamps in nanoseconds are
// never infinite.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arrow/arrow_columns.h"
#include "model/column.h"
#include "walbrook/arrow.h"

namespace walbrook {

class ArrowRows {
 public:
  // Borrows columns and array for its lifetime. `rows_before` is the number of earlier rows of the stream, for
  // messages, which count from 1. Throws Error(data) if the array does not match `columns`.
  ArrowRows(const std::vector<ArrowColumn>& columns, const ArrowArray& array, const ValueLimits& limits,
            std::uint64_t rows_before);

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(array_.length); }
  // Appends rows [begin, end) of a column to `into`, which has the column's type. Throws Error(data), which names
  // column and row; `into` is then of no use.
  void append(std::size_t column, std::size_t begin, std::size_t end, Column& into) const;

 private:
  const std::vector<ArrowColumn>& columns_;
  const ArrowArray& array_;
  ValueLimits limits_;
  std::uint64_t rows_before_;
};

}  // namespace walbrook
