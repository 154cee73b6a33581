// Column hints against what a table's columns are.
#pragma once

#include "destination/destination.h"
#include "schema/table_schema.h"
#include "walbrook/columns.h"

namespace walbrook::api {

// Error(configuration) with the reason: a hint says otherwise than the column is, so that following it would lose
// values or change what the copy means.
void check_hints(const TableSchema& table, const ColumnHints& hints, const destination::Destination& destination);

}  // namespace walbrook::api
