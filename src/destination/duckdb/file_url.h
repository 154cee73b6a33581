// Finds the file of a DuckDB destination from what the user wrote.
#pragma once

#include <string>

namespace walbrook::destination::duckdb {

// Returns the absolute path. Two URLs with one path name one destination. Throws Error(configuration) for a URL that it
// cannot use.
//   shop.duckdb, duckdb:shop.duckdb, duckdb:///shop.duckdb   in the current folder
//   /data/shop.duckdb, duckdb:////data/shop.duckdb           absolute
//   duckdb:///data/shop.duckdb    relative like the others; absolute only if ./data does not exist and /data does
[[nodiscard]] std::string path_of(const std::string& url);

}  // namespace walbrook::destination::duckdb
