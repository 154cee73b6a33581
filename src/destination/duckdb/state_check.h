// Checks that the state in a file is whole.
#pragma once

#include <string_view>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// Throws Error(destination) with the names of the tables that are missing in _walbrook while others exist: somebody
// dropped them. Nothing may be applied then, because nobody knows what was applied already.
void check_state_is_whole(Connection& connection);

[[nodiscard]] bool has_state_table(Connection& connection, std::string_view name);
// Returns whether there is any state table.
[[nodiscard]] bool has_state(Connection& connection);

}  // namespace walbrook::destination::duckdb
