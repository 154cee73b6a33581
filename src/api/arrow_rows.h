// Converts an Arrow stream of another library into row batches of bounded size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arrow/arrow_export.h"
#include "arrow/arrow_import.h"
#include "model/row_batch.h"

namespace walbrook::api {

class ArrowRowReader {
 public:
  // Takes the stream over and reads its schema. Throws Error(configuration) if there is no stream or a type is not
  // supported, Error(data) if the stream fails.
  explicit ArrowRowReader(ArrowArrayStream* stream);
  ArrowRowReader(const ArrowRowReader&) = delete;
  ArrowRowReader& operator=(const ArrowRowReader&) = delete;

  // The columns that have a type.
  [[nodiscard]] std::vector<ColumnSchema> columns() const;

  // Returns the next rows, at most some megabytes unless one row is larger, or nullopt at the end. Each row gets the
  // operation `op`. REQUIRES: `schema` has the columns of columns(). Throws Error(data) for a NULL in a key column.
  [[nodiscard]] std::optional<RowBatch> next(const TableSchemaRef& schema, const ValueLimits& limits, Op op);

 private:
  [[noreturn]] void fail(int code, const char* doing);
  [[nodiscard]] bool next_array(const ValueLimits& limits);
  void append_rows(std::size_t end, Op op, RowBatch& into);

  ArrowOwned<ArrowArrayStream> stream_;
  std::vector<ArrowColumn> columns_;
  ArrowOwned<ArrowArray> array_;
  std::optional<ArrowRows> rows_;  // of array_; nullopt: no array is in hand
  std::size_t taken_ = 0;          // rows of the array that were returned
  std::uint64_t rows_before_ = 0;  // rows of the stream before the array
};

}  // namespace walbrook::api
