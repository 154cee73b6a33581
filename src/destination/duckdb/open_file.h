// From a destination URL to an opened database file, with a clear cause and a hint for everything that stands in the
// way.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace walbrook::destination::duckdb {

struct DatabaseOptions;

// DuckDB's own accounting; its process stands 140 to 170 MB above it (measured: a transaction that updates 4 M rows,
// 192MB: 350 MB at the peak; 256MB: 420 MB).
inline constexpr const char* default_memory_limit = "192MB";
inline constexpr std::size_t default_memory_bytes = 192'000'000;

// DuckDB's messages quote the statement in further lines.
[[nodiscard]] std::string first_line(std::string_view message);

[[nodiscard]] bool is_out_of_memory(std::string_view message);

// Throws Error(destination).
[[nodiscard]] duckdb_database open_file(const DatabaseOptions& options, const std::string& memory_limit);

}  // namespace walbrook::destination::duckdb
