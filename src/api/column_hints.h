// Column hints against what a table's columns are, and what of them the engine is to do.
#pragma once

#include "destination/destination.h"
#include "schema/column_wishes.h"
#include "walbrook/columns.h"

namespace walbrook::api {

// `table`: its columns as they follow from the source. Error(configuration) with the reason: a column that is not
// there, or a hint that would lose values or change what the copy means.
[[nodiscard]] ColumnWishes wishes_of(const TableSchema& table, const ColumnHints& hints,
                                     const destination::Destination& destination);

}  // namespace walbrook::api
