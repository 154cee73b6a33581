// What DuckDB says of a failure, as far as it may go to logs, status and stored reasons: without values of rows.
#pragma once

#include <duckdb.h>

#include <string>
#include <string_view>

namespace walbrook::destination::duckdb {

// The first line of `message`. Of a key that violates a constraint the first column's name stays, of a value that
// cannot be converted nothing does. The forms are those of DuckDB 1.5.5; one that is not known says its kind alone.
[[nodiscard]] std::string without_values(duckdb_error_type type, std::string_view message);

}  // namespace walbrook::destination::duckdb
