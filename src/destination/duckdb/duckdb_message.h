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

// duckdb_prepare gives the text of an error without its type, but the text begins with its name. Returns the type if it
// says what the database or the machine lacks, and `of_statement` for all others. (A result has the type itself, also
// one that is streamed: tried with 1.5.5 for interrupts, memory, disk, constraints and conversions.)
[[nodiscard]] duckdb_error_type type_of_prepare_error(std::string_view message, duckdb_error_type of_statement);

// Whether DuckDB reports that COMMIT succeeded and that only writing its log into the file failed. The sentence must be
// DuckDB's own, not a value in another message.
[[nodiscard]] bool is_durable_commit(std::string_view message);

}  // namespace walbrook::destination::duckdb
