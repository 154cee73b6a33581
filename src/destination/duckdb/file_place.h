// The place of a DuckDB file, and its name for people.
#pragma once

#include <string>

namespace walbrook::destination::duckdb {

// "/a/shop.duckdb" → "shop.duckdb".
[[nodiscard]] std::string file_label(const std::string& path);
// Returns the path at which DuckDB keeps the log of the file.
[[nodiscard]] std::string log_of(const std::string& path);
// Returns the path where the file is, or would be created: symbolic links are followed, including those that lead
// nowhere. DuckDB keeps the file's log beside that path.
[[nodiscard]] std::string behind_links(const std::string& path);

}  // namespace walbrook::destination::duckdb
