// The views in schema _walbrook of a database where each pipeline's state is in a schema of its own
// (DatabaseTraits::state_per_pipeline). They have the names and the columns of the state's tables, so that readers ask
// the same questions everywhere.
#pragma once

#include <string>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// Lets the views show the state in `schema`, beside that of every other pipeline. Changes nothing if they do. Works in
// the connection's open transaction.
void show_state(Connection& connection, const std::string& schema);

[[nodiscard]] bool has_state_views(Connection& connection);

}  // namespace walbrook::destination::duckdb
