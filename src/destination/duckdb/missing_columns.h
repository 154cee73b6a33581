// Adds columns that a target table does not have yet.
#pragma once

#include "destination/duckdb/connection.h"
#include "destination/duckdb/enum_types.h"
#include "destination/duckdb/state.h"
#include "destination/transaction.h"

namespace walbrook::destination::duckdb {

// Adds those columns of the alteration that the table does not have, in the connection's open transaction.
void add_missing_columns(Connection& connection, StateTables& state, TargetRecord& record, const Alteration& alteration,
                         Naming naming, const EnumTypes& enums);

}  // namespace walbrook::destination::duckdb
