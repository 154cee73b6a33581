#include "test/contract/filesystem_cells.h"

#include <duckdb.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "destination/filesystem/location.h"
#include "test/contract/duckdb_cells.h"

namespace walbrook::contract {
namespace {

// A DuckDB that knows nothing of walbrook.
class PlainDuckDb {
 public:
  PlainDuckDb() {
    if (duckdb_open(nullptr, &database_) == DuckDBError || duckdb_connect(database_, &connection_) == DuckDBError) {
      throw Error(ErrorKind::internal, "DuckDB does not open");
    }
  }
  PlainDuckDb(const PlainDuckDb&) = delete;
  PlainDuckDb& operator=(const PlainDuckDb&) = delete;
  ~PlainDuckDb() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }

  TextRows run(const std::string& sql) {
    duckdb_result result;
    const bool failed = duckdb_query(connection_, sql.c_str(), &result) == DuckDBError;
    const std::string message = failed ? duckdb_result_error(&result) : "";
    TextRows rows;
    if (!failed) {
      const auto columns = duckdb_column_count(&result);
      for (idx_t c = 0; c < columns; ++c) rows.names.emplace_back(duckdb_column_name(&result, c));
      for (idx_t row = 0; row < duckdb_row_count(&result); ++row) {
        auto& cells = rows.cells.emplace_back(columns);
        for (idx_t c = 0; c < columns; ++c) {
          if (duckdb_value_is_null(&result, c, row)) continue;
          const auto value = duckdb_value_string(&result, c, row);
          cells[c] = std::string(value.data, value.size);
          duckdb_free(value.data);
        }
      }
    }
    duckdb_destroy_result(&result);
    if (failed) throw Error(ErrorKind::destination, message);
    return rows;
  }

  // Every column of the result is text.
  TextRows text(const std::string& query) { return run("SELECT COLUMNS(*)::VARCHAR FROM (" + query + ")"); }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace

TextRows query_plain_duckdb(const std::string& views, const std::string& sql) {
  PlainDuckDb reader;
  reader.run("SET TimeZone = 'UTC';" + views);
  return reader.text(sql);
}

std::vector<std::vector<Cell>> read_from_files(destination::Destination& destination,
                                               const destination::OutputRecord& table) {
  std::ifstream file(destination.name() + "/views.sql");
  std::ostringstream views;
  views << file.rdbuf();
  PlainDuckDb reader;
  reader.run("SET TimeZone = 'UTC';" + views.str());
  const auto ask = [&](const std::string& sql) { return reader.text(sql); };
  return read_cells(ask, destination, table);
}

void drop_in_files(const destination::DestinationOptions& options, const destination::TargetName& target) {
  const auto root = std::filesystem::path(destination::filesystem::parse_location(options.url).root);
  std::filesystem::remove_all(root / target.schema / target.table);
}

}  // namespace walbrook::contract
