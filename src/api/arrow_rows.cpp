#include "api/arrow_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/error.h"
#include "base/mask_secrets.h"
#include "base/text.h"

namespace walbrook::api {
namespace {

// Bounds of a batch: its rows, the rows that are read before its bytes are counted, and the bytes at which it is full.
constexpr std::size_t rows_at_once = 2048;
constexpr std::size_t batch_rows = 32 * rows_at_once;
constexpr std::size_t enough_bytes = std::size_t{8} << 20U;

ArrowOwned<ArrowArrayStream> taken_over(ArrowArrayStream* stream) {
  if (stream == nullptr || stream->release == nullptr || stream->get_schema == nullptr || stream->get_next == nullptr) {
    throw Error(ErrorKind::configuration, "there is no Arrow stream to run, or it was released already",
                "A stream can be read once; create another one.");
  }
  ArrowOwned<ArrowArrayStream> own;
  own.raw = *stream;
  stream->release = nullptr;
  return own;
}

}  // namespace

ArrowRowReader::ArrowRowReader(ArrowArrayStream* stream) : stream_(taken_over(stream)) {
  ArrowOwned<ArrowSchema> schema;
  if (const int code = stream_.raw.get_schema(&stream_.raw, &schema.raw); code != 0) {
    schema.raw.release = nullptr;  // its content after a failed call has no meaning
    fail(code, "has no schema");
  }
  if (schema.raw.release == nullptr) fail(0, "has no schema");
  columns_ = read_arrow_schema(schema.raw);
}

void ArrowRowReader::fail(int code, const char* doing) {
  const char* message = stream_.raw.get_last_error == nullptr ? nullptr : stream_.raw.get_last_error(&stream_.raw);
  std::string why = message == nullptr ? "" : mask_secrets(printable(message));
  if (code != 0) why += fmt::format("{}{}", why.empty() ? "" : ", ", std::generic_category().message(code));
  throw Error(ErrorKind::data, fmt::format("the Arrow stream {}{}{}", doing, why.empty() ? "" : ": ", why),
              "The producer of the stream may know more. Nothing was written.");
}

std::vector<ColumnSchema> ArrowRowReader::columns() const {
  std::vector<ColumnSchema> columns;
  for (const auto& column : columns_) {
    if (column.reading == ArrowReading::nothing) continue;
    ColumnSchema schema;
    schema.name = column.name;
    schema.type = column.type;
    columns.push_back(std::move(schema));
  }
  return columns;
}

bool ArrowRowReader::next_array(const ValueLimits& limits) {
  if (rows_) rows_before_ += rows_->size();
  rows_.reset();
  array_ = {};
  taken_ = 0;
  if (const int code = stream_.raw.get_next(&stream_.raw, &array_.raw); code != 0) {
    array_.raw.release = nullptr;  // as above
    fail(code, "breaks off");
  }
  if (array_.raw.release == nullptr) return false;
  rows_.emplace(columns_, array_.raw, limits, rows_before_);
  return true;
}

std::optional<RowBatch> ArrowRowReader::next(const TableSchemaRef& schema, const ValueLimits& limits, Op op) {
  RowBatch batch(schema);
  while (batch.rows() < batch_rows && batch.bytes() < enough_bytes) {
    if (rows_ && taken_ < rows_->size()) {
      append_rows(std::min(taken_ + rows_at_once, rows_->size()), op, batch);
    } else if (!next_array(limits)) {
      break;
    }
  }
  if (batch.rows() == 0) return std::nullopt;
  return batch;
}

void ArrowRowReader::append_rows(std::size_t end, Op op, RowBatch& into) {
  const auto rows_there = into.rows();
  std::size_t at = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].reading == ArrowReading::nothing) continue;
    auto& column = into.columns[at];
    rows_->append(i, taken_, end, column);
    if (into.schema->columns[at++].in_key && column.null_count() > 0) {
      auto null = rows_there;
      while (!column.is_null(null)) ++null;
      throw Error(ErrorKind::data,
                  fmt::format("column \"{}\" of the stream, row {}: NULL in a primary key", columns_[i].path,
                              rows_before_ + taken_ + (null - rows_there) + 1),
                  "Nothing was written. Every row that is merged has a key.", {.column = columns_[i].path});
    }
  }
  for (; taken_ < end; ++taken_) into.finish_row(op, 0);
}

}  // namespace walbrook::api
