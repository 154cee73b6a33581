// Rows of an Arrow array into columns of ours, copied.
//
// The array is somebody else's: what can be known to be wrong before a value is read (counts, missing buffers, offsets
// that do not ascend or point past their child) is an Error(data), and so is each value that would not stay what it is.
// What cannot be known is how long a buffer is: offsets into the bytes of texts are taken on trust.
//
// Infinite dates and timestamps are ±INT32_MAX and ±INT64_MAX, as arrow_export.h has them; of nanoseconds none are.
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
  // Borrows columns and array. `rows_before`: of the stream, for messages, which count from 1. Error(data) where the
  // array is not what `columns` say.
  ArrowRows(const std::vector<ArrowColumn>& columns, const ArrowArray& array, const ValueLimits& limits,
            std::uint64_t rows_before);

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(array_.length); }
  // Rows [begin, end) of a column to the end of `into`, which has its type. Error(data) names column and row; `into` is
  // of no use then.
  void append(std::size_t column, std::size_t begin, std::size_t end, Column& into) const;

 private:
  const std::vector<ArrowColumn>& columns_;
  const ArrowArray& array_;
  ValueLimits limits_;
  std::uint64_t rows_before_;
};

}  // namespace walbrook
