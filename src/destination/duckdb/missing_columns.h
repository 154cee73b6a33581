// Adds columns that a target table does not have yet.
#pragma once

#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination::duckdb {

// Adds those of `columns` that the table does not have, in the connection's open transaction.
void add_missing_columns(Connection& connection, StateTables& state, TargetRecord& record,
                         const std::vector<ColumnSchema>& columns, Naming naming);

}  // namespace walbrook::destination::duckdb
