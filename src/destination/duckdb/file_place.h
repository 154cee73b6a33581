// Where a DuckDB file is, and what people call it.
#pragma once

#include <string>

namespace walbrook::destination::duckdb {

// "/a/shop.duckdb" → "shop.duckdb".
[[nodiscard]] std::string file_label(const std::string& path);
// Where DuckDB keeps the log of the file.
[[nodiscard]] std::string log_of(const std::string& path);
// Where the file is or would be made: symbolic links are followed, also those that lead nowhere. DuckDB keeps its log
// there.
[[nodiscard]] std::string behind_links(const std::string& path);

}  // namespace walbrook::destination::duckdb
