#include "destination/duckdb/arrow_result.h"

#include <vector>

#include "arrow/arrow_export.h"
#include "base/error.h"

namespace walbrook::destination::duckdb {
namespace {

using ErrorData = Owned<duckdb_error_data, duckdb_destroy_error_data>;

void check_conversion(const ErrorData& failed) {
  if (failed.get() == nullptr || !duckdb_error_data_has_error(failed.get())) return;
  throw Error(
      ErrorKind::data,
      std::string("DuckDB cannot hand the rows out as Arrow arrays: ") + duckdb_error_data_message(failed.get()),
      "Cast the column in the query.");
}

}  // namespace

bool ArrowResult::execute(duckdb_connection connection, duckdb_prepared_statement statement) {
  if (duckdb_execute_prepared_streaming(statement, result_.out()) == DuckDBError) return false;
  duckdb_connection_get_arrow_options(connection, options_.out());
  return true;
}

void ArrowResult::schema(ArrowSchema* out) {
  *out = {};
  const auto columns = duckdb_column_count(result_.out());
  std::vector<LogicalType> types;
  std::vector<duckdb_logical_type> raw_types;
  std::vector<const char*> names;
  for (idx_t i = 0; i < columns; ++i) {
    raw_types.push_back(types.emplace_back(duckdb_column_logical_type(result_.out(), i)).get());
    names.push_back(duckdb_column_name(result_.out(), i));
  }
  check_conversion(ErrorData(duckdb_to_arrow_schema(options_.get(), raw_types.data(), names.data(), columns, out)));
}

bool ArrowResult::next(ArrowArray* out) {
  *out = {};
  if (ended_) return false;  // asking DuckDB again would be an error
  const Owned<duckdb_data_chunk, duckdb_destroy_data_chunk> chunk(duckdb_fetch_chunk(*result_.out()));
  ended_ = chunk.get() == nullptr;
  if (ended_) return false;
  check_conversion(ErrorData(duckdb_data_chunk_to_arrow(options_.get(), chunk.get(), out)));
  return true;
}

std::optional<std::pair<duckdb_error_type, std::string>> ArrowResult::error() {
  const char* message = duckdb_result_error(result_.out());
  if (message == nullptr || *message == '\0') return std::nullopt;
  return std::pair(duckdb_result_error_type(result_.out()), std::string(message));
}

}  // namespace walbrook::destination::duckdb
