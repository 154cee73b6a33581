// The rows of a query as an Arrow stream, produced by a separate DuckDB, as another program would.
#pragma once

#include <duckdb.h>
#include <walbrook/arrow.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

namespace walbrook::test {

class DuckStream {
 public:
  explicit DuckStream(const std::string& sql) {
    if (duckdb_open(nullptr, &database_) != DuckDBSuccess || duckdb_connect(database_, &connection_) != DuckDBSuccess) {
      throw std::runtime_error("no DuckDB in memory");
    }
    query("SET TimeZone = 'UTC'");
    duckdb_destroy_result(&result_);
    query("SET arrow_lossless_conversion = true");
    duckdb_destroy_result(&result_);
    query(sql);
    duckdb_connection_get_arrow_options(connection_, &options_);
    stream_ = {.get_schema = get_schema,
               .get_next = get_next,
               .get_last_error = [](ArrowArrayStream* stream) { return of(stream)->error_.c_str(); },
               .release = [](ArrowArrayStream* stream) { stream->release = nullptr; },
               .private_data = this};
  }
  DuckStream(const DuckStream&) = delete;
  DuckStream& operator=(const DuckStream&) = delete;
  ~DuckStream() {
    duckdb_destroy_arrow_options(&options_);
    duckdb_destroy_result(&result_);
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }

  // Owned by this object. REQUIRES: this object outlives the consumer of the stream.
  [[nodiscard]] ArrowArrayStream* get() { return &stream_; }

 private:
  static DuckStream* of(ArrowArrayStream* stream) { return static_cast<DuckStream*>(stream->private_data); }
  void query(const std::string& sql) {
    if (duckdb_query(connection_, sql.c_str(), &result_) == DuckDBSuccess) return;
    throw std::runtime_error(std::string(duckdb_result_error(&result_)) + "\n" + sql);
  }
  int told(duckdb_error_data error) {
    const bool failed = error != nullptr && duckdb_error_data_has_error(error);
    if (failed) error_ = duckdb_error_data_message(error);
    duckdb_destroy_error_data(&error);
    return failed ? EIO : 0;
  }
  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    auto* self = of(stream);
    std::vector<duckdb_logical_type> types;
    std::vector<const char*> names;
    for (idx_t i = 0; i < duckdb_column_count(&self->result_); ++i) {
      types.push_back(duckdb_column_logical_type(&self->result_, i));
      names.push_back(duckdb_column_name(&self->result_, i));
    }
    const int code = self->told(duckdb_to_arrow_schema(self->options_, types.data(), names.data(), types.size(), out));
    for (auto& type : types) duckdb_destroy_logical_type(&type);
    return code;
  }
  static int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    auto* self = of(stream);
    *out = {};
    duckdb_data_chunk chunk = duckdb_fetch_chunk(self->result_);
    if (chunk == nullptr) return 0;
    const int code = self->told(duckdb_data_chunk_to_arrow(self->options_, chunk, out));
    duckdb_destroy_data_chunk(&chunk);
    return code;
  }

  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
  duckdb_result result_{};
  duckdb_arrow_options options_ = nullptr;
  ArrowArrayStream stream_{};
  std::string error_;
};

}  // namespace walbrook::test
