// Which of DuckDB's functions a query may use: what only reads this file is allowed, all else is refused by name.
//
// Table functions are an allow-list: one that is not judged is refused. Scalar functions, aggregates and macros are
// allowed but for those that do more than compute. test/unit/duckdb/judged_functions.txt holds every function of the
// pinned DuckDB; a version that brings another one fails a test until somebody has judged it. Source:
// duckdb_functions() of DuckDB 1.5.5, each of them tried.
#pragma once

#include <span>
#include <string_view>

namespace walbrook::destination::duckdb {

// Names are in lower case, as DuckDB folds them.
[[nodiscard]] std::span<const std::string_view> allowed_table_functions();
[[nodiscard]] bool is_allowed_table_function(std::string_view name);

struct RefusedFunction {
  std::string_view name;
  std::string_view why;  // completes "… is refused: it …"
};
[[nodiscard]] std::span<const RefusedFunction> refused_table_functions();
[[nodiscard]] std::span<const RefusedFunction> refused_scalar_functions();

[[nodiscard]] bool is_refused_table_function(std::string_view name);

// Why a function is refused; "" where it is allowed.
[[nodiscard]] std::string_view why_table_function_is_refused(std::string_view name);
[[nodiscard]] std::string_view why_scalar_function_is_refused(std::string_view name);

// Does a FROM item of that name make DuckDB read a file, where no table is called so? `name` is the whole path with its
// dots: FROM orders.csv and FROM 'orders.csv' both read the file orders.csv.
[[nodiscard]] bool is_file_name(std::string_view name);

}  // namespace walbrook::destination::duckdb
