// Where a DuckDB destination's file is, from what the user wrote.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::destination::duckdb {

// "duckdb" of "duckdb:///shop.duckdb"; "" of a bare path.
[[nodiscard]] std::string_view url_scheme(std::string_view url);

// The absolute path; see walbrook::destination::local_path for the rule. Throws Error(configuration).
[[nodiscard]] std::string path_of(const std::string& url);

}  // namespace walbrook::destination::duckdb
