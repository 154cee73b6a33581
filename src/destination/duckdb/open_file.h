// From a destination URL to an opened database file, with a clear cause and a mend for everything that stands in the
// way.
#pragma once

#include <duckdb.h>

#include <string>
#include <string_view>

namespace walbrook::destination::duckdb {

struct DatabaseOptions;

// DuckDB's own accounting; its process stands 140 to 230 MB above it.
inline constexpr const char* default_memory_limit = "256MB";

// "/a/shop.duckdb" → "shop.duckdb".
[[nodiscard]] std::string file_label(const std::string& path);
// DuckDB's messages quote the statement in further lines.
[[nodiscard]] std::string first_line(std::string_view message);

// Throws Error(destination).
[[nodiscard]] duckdb_database open_file(const DatabaseOptions& options, const std::string& memory_limit);

}  // namespace walbrook::destination::duckdb
