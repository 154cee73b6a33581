// Makes a target table follow the columns of its source (Alteration).
//
// An added column whose old rows have a value gets it as its DEFAULT for a moment: DuckDB then writes no row again, and
// a lake no file.
#pragma once

#include "destination/duckdb/connection.h"
#include "destination/duckdb/enum_types.h"
#include "destination/duckdb/state.h"
#include "destination/transaction.h"

namespace walbrook::destination::duckdb {

// Makes all of the alteration but the overflow columns, in the connection's open transaction. Columns that the table
// has already are not added.
void alter_target(Connection& connection, StateTables& state, TargetRecord& record, const Alteration& alteration,
                  Naming naming, const EnumTypes& enums);

}  // namespace walbrook::destination::duckdb
