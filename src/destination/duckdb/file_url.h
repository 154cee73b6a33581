// Finds the file of a DuckDB destination from what the user wrote.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::destination::duckdb {

// Returns "duckdb" for "duckdb:///shop.duckdb"; "" for a bare path.
[[nodiscard]] std::string_view url_scheme(std::string_view url);

// Returns the absolute path, by the rule of walbrook::destination::local_path. Throws Error(configuration) for a URL
// that it cannot use.
[[nodiscard]] std::string path_of(const std::string& url);

}  // namespace walbrook::destination::duckdb
