// What DuckDB's messages about a lake mean.
#pragma once

#include <string>
#include <string_view>

#include "destination/duckdb/database_traits.h"

namespace walbrook::destination::ducklake {

[[nodiscard]] duckdb::Failure failure_of(std::string_view message);
// Whether another process has the catalog's file open.
[[nodiscard]] bool is_locked(std::string_view message);
// Whether another process created the catalog while this one did.
[[nodiscard]] bool was_created_meanwhile(std::string_view message);
// Returns the message for people: its first line, without passwords, or that the bucket `data_path` cannot be reached.
[[nodiscard]] std::string described(std::string_view message, const std::string& data_path);

}  // namespace walbrook::destination::ducklake
