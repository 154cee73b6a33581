// Columns of tables, as a connection's snapshot of the catalog has them.
#pragma once

#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {

// The columns of a table as the connection's snapshot sees them, in attribute order: not dropped, not generated, and
// those that are published. `in_key` as a Relation message would say.
[[nodiscard]] TableSchema read_table_schema(Connection& connection, const SourceTable& table, TypeCatalog& types,
                                            const ValueLimits& limits);

}  // namespace walbrook::postgres
