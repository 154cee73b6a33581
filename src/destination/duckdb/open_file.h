// Opens a database file. Each failure is reported with its cause and, where one is known, a hint.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace walbrook::destination::duckdb {

struct DatabaseOptions;

// By DuckDB's own accounting. The process takes 140 to 170 MB more (measured with a transaction that updates 4 M rows:
// 350 MB at the peak with 192MB, 420 MB with 256MB).
inline constexpr const char* default_memory_limit = "192MB";
inline constexpr std::size_t default_memory_bytes = 192'000'000;

// Returns the first line. DuckDB's messages quote the statement in later lines.
[[nodiscard]] std::string first_line(std::string_view message);

[[nodiscard]] bool is_out_of_memory(std::string_view message);

// Opens the file. Throws Error(destination). REQUIRES: the file is claimed (file_claim.h).
[[nodiscard]] duckdb_database open_file(const DatabaseOptions& options, const std::string& memory_limit);

}  // namespace walbrook::destination::duckdb
