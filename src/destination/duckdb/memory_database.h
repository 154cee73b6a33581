// Opens a database in memory: for destinations whose data DuckDB reads and writes, but does not keep.
#pragma once

#include <duckdb.h>

#include <string>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// Opens an empty database. Rows that do not fit into its memory go to DatabaseOptions::temporary_folder. Throws Error.
// REQUIRES: options.path is empty.
[[nodiscard]] duckdb_database open_in_memory(const DatabaseOptions& options, const std::string& memory_limit);

}  // namespace walbrook::destination::duckdb
