// Checks that the state in a file is whole.
#pragma once

#include <string>
#include <string_view>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// All functions look at the state in `schema`.

// Throws Error(destination) with the names of the tables that are missing there while others exist: somebody dropped
// them. Nothing may be applied then, because nobody knows what was applied already.
void check_state_is_whole(Connection& connection, const std::string& schema);

[[nodiscard]] bool has_state_table(Connection& connection, const std::string& schema, std::string_view name);
// Returns whether there is any state table.
[[nodiscard]] bool has_state(Connection& connection, const std::string& schema);

}  // namespace walbrook::destination::duckdb
