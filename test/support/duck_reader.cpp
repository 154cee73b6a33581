#include "test/support/duck_reader.h"

#include <stdexcept>

namespace walbrook::test {
namespace {

struct DuckResult {
  duckdb_result raw{};
  DuckResult() = default;
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  ~DuckResult() { duckdb_destroy_result(&raw); }
};

void run_sql(duckdb_connection connection, const std::string& sql, DuckResult& result) {
  if (duckdb_query(connection, sql.c_str(), &result.raw) == DuckDBSuccess) return;
  throw std::runtime_error(std::string(duckdb_result_error(&result.raw)) + "\nin: " + sql.substr(0, 1000));
}

void append_rows(duckdb_data_chunk chunk, std::vector<SqlRow>& rows) {
  const idx_t columns = duckdb_data_chunk_get_column_count(chunk);
  const idx_t count = duckdb_data_chunk_get_size(chunk);
  const std::size_t first = rows.size();
  rows.resize(first + count, SqlRow(columns));
  for (idx_t column = 0; column < columns; ++column) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
    auto* strings = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
    std::uint64_t* validity = duckdb_vector_get_validity(vector);
    for (idx_t row = 0; row < count; ++row) {
      if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) continue;
      rows[first + row][column].emplace(duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row]));
    }
  }
}

}  // namespace

DuckReader::DuckReader(const std::filesystem::path& file, Access access) {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  duckdb_set_config(config, "access_mode", access == Access::read_only ? "READ_ONLY" : "READ_WRITE");
  duckdb_set_config(config, "threads", "2");
  // DuckDB reads all of an extension to check its signature, 0.1 s for each of a lake's three, in every reader. The
  // command checks the same files.
  duckdb_set_config(config, "allow_unsigned_extensions", "true");
  char* message = nullptr;
  const auto opened = duckdb_open_ext(file.c_str(), &database_, config, &message);
  duckdb_destroy_config(&config);
  if (opened != DuckDBSuccess) {
    const std::string text = message == nullptr ? "no reason given" : message;
    duckdb_free(message);
    throw std::runtime_error("cannot open " + file.string() + ": " + text);
  }
  if (duckdb_connect(database_, &connection_) != DuckDBSuccess) {
    duckdb_close(&database_);
    throw std::runtime_error("cannot connect to " + file.string());
  }
  exec("SET TimeZone = 'UTC'");
}

DuckReader::~DuckReader() {
  duckdb_disconnect(&connection_);
  duckdb_close(&database_);
}

void DuckReader::exec(const std::string& sql) {
  DuckResult result;
  run_sql(connection_, sql, result);
}

void DuckReader::scan_arrow(const std::string& view, void* stream) {
  if (duckdb_arrow_scan(connection_, view.c_str(), static_cast<duckdb_arrow_stream>(stream)) != DuckDBSuccess) {
    throw std::runtime_error("an Arrow stream cannot be read as " + view);
  }
}

std::vector<SqlRow> DuckReader::query(const std::string& sql) {
  DuckResult result;
  run_sql(connection_, "SELECT COLUMNS(*)::VARCHAR FROM (" + sql + ")", result);
  std::vector<SqlRow> rows;
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result.raw)) {
    append_rows(chunk, rows);
    duckdb_destroy_data_chunk(&chunk);
  }
  return rows;
}

std::string DuckReader::value(const std::string& sql) {
  const auto rows = query(sql);
  return rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("");
}

}  // namespace walbrook::test
