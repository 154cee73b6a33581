#include "destination/duckdb/memory_database.h"

#include "base/error.h"
#include "base/standard_descriptors.h"
#include "destination/duckdb/open_file.h"

namespace walbrook::destination::duckdb {

duckdb_database open_in_memory(const DatabaseOptions& options, const std::string& memory_limit) {
  occupy_standard_descriptors();
  auto config = common_settings(options, memory_limit);
  if (!options.temporary_folder.empty()) config.set("temp_directory", options.temporary_folder);
  duckdb_database database = nullptr;
  char* error = nullptr;
  if (duckdb_open_ext(nullptr, &database, config.get(), &error) == DuckDBError) {
    const std::string message = error == nullptr ? "unknown reason" : error;
    duckdb_free(error);
    throw Error(ErrorKind::destination, options.label + ": DuckDB cannot be started: " + first_line(message));
  }
  return database;
}

}  // namespace walbrook::destination::duckdb
