// A stream of somebody else's as row batches of bounded size.
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
  // Takes the stream over and reads its schema. Error(configuration): no stream, or a type that is not taken;
  // Error(data): the stream fails.
  explicit ArrowRowReader(ArrowArrayStream* stream);
  ArrowRowReader(const ArrowRowReader&) = delete;
  ArrowRowReader& operator=(const ArrowRowReader&) = delete;

  // Those that have a type.
  [[nodiscard]] std::vector<ColumnSchema> columns() const;

  // The next rows, at most some megabytes unless one row is larger; nullopt at the end. Each row is an `op`. `schema`
  // has the columns of columns(). Those that are in its key hold no NULL, else Error(data).
  [[nodiscard]] std::optional<RowBatch> next(const TableSchemaRef& schema, const ValueLimits& limits, Op op);

 private:
  [[noreturn]] void fail(int code, const char* doing);
  [[nodiscard]] bool next_array(const ValueLimits& limits);
  void append_rows(std::size_t end, Op op, RowBatch& into);

  ArrowOwned<ArrowArrayStream> stream_;
  std::vector<ArrowColumn> columns_;
  ArrowOwned<ArrowArray> array_;
  std::optional<ArrowRows> rows_;  // of it; nullopt: none is in hand
  std::size_t taken_ = 0;          // of the array's rows
  std::uint64_t rows_before_ = 0;  // the array
};

}  // namespace walbrook::api
