// DuckDB's message about a failure without values of rows, so that it may go to logs, status and stored reasons.
#pragma once

#include <duckdb.h>

#include <string>
#include <string_view>

namespace walbrook::destination::duckdb {

// Returns the first line of `message` without values. For a key that violates a constraint, the first column's name is
// kept; for a value that cannot be converted, only the kind of the error is. The forms are those of DuckDB 1.5.5; for
// an unknown form, and for a type of error that is not known to be free of values, only the kind of the error is kept.
[[nodiscard]] std::string without_values(duckdb_error_type type, std::string_view message);

// Whether DuckDB reports that COMMIT succeeded and that only writing its log into the file failed. The sentence must be
// DuckDB's own, not a value in another message.
[[nodiscard]] bool is_durable_commit(std::string_view message);

}  // namespace walbrook::destination::duckdb
