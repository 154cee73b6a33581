// Decides which of DuckDB's functions a query may use: those that only read this file are allowed, all others are
// refused by name.
//
// Table functions have an allow-list: a function that was not judged is refused. Scalar functions, aggregates and
// macros are allowed, except those that do more than compute. test/unit/duckdb/judged_functions.txt holds every
// function of the pinned DuckDB; a version that adds one fails a test until somebody has judged it. Source:
// duckdb_functions() of DuckDB 1.5.5, each of which was tried.
#pragma once

#include <span>
#include <string_view>

namespace walbrook::destination::duckdb {

// All names are in lower case, as DuckDB folds them.
[[nodiscard]] std::span<const std::string_view> allowed_table_functions();
[[nodiscard]] bool is_allowed_table_function(std::string_view name);

struct RefusedFunction {
  std::string_view name;
  std::string_view why;  // completes "… is refused: it …"
};
[[nodiscard]] std::span<const RefusedFunction> refused_table_functions();
[[nodiscard]] std::span<const RefusedFunction> refused_scalar_functions();

[[nodiscard]] bool is_refused_table_function(std::string_view name);

// Each returns why a function is refused; "" if it is allowed.
[[nodiscard]] std::string_view why_table_function_is_refused(std::string_view name);
[[nodiscard]] std::string_view why_scalar_function_is_refused(std::string_view name);

// Returns whether a FROM item of that name makes DuckDB read a file if no table has the name. `name` is the whole path
// with its dots: FROM orders.csv and FROM 'orders.csv' both read the file orders.csv.
[[nodiscard]] bool is_file_name(std::string_view name);

}  // namespace walbrook::destination::duckdb
