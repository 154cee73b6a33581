// Reads a DuckDB file through the C API and without any code of walbrook, as a user's own program would.
#pragma once

#include <duckdb.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "test/support/sql.h"

namespace walbrook::test {

class DuckReader {
 public:
  enum class Access { read_only, read_write };

  // Opens the file with session time zone UTC. All methods throw std::runtime_error with DuckDB's own message.
  explicit DuckReader(const std::filesystem::path& file, Access access = Access::read_only);
  DuckReader(const DuckReader&) = delete;
  DuckReader& operator=(const DuckReader&) = delete;
  ~DuckReader();

  void exec(const std::string& sql);
  // Returns every value cast to VARCHAR by DuckDB.
  [[nodiscard]] std::vector<SqlRow> query(const std::string& sql);
  [[nodiscard]] std::string value(const std::string& sql);  // first column of the first row; "" for NULL or no row
  // Creates a view over an ArrowArrayStream, which can be read once. The caller releases the stream.
  void scan_arrow(const std::string& view, void* stream);

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace walbrook::test
