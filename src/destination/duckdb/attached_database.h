// Opens a database that DuckDB does not open as its own file, but attaches.
#pragma once

#include <memory>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// Opens a database in memory and attaches the other one, which everything uses from then on. Throws Error. REQUIRES:
// options.attachment, and options.path is empty.
[[nodiscard]] std::shared_ptr<Database> open_attached(const DatabaseOptions& options);

}  // namespace walbrook::destination::duckdb
