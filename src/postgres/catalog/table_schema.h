// The columns of tables as a connection's snapshot of the catalog shows them.
#pragma once

#include <functional>
#include <vector>

#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {

// Returns the published columns of a table as the connection's snapshot shows them, in attribute order. Dropped columns
// are left out, and so are generated ones unless published_columns names them. `in_key` is set as in a Relation
// message, unless SourceTable::row_identity overrides it. Throws Error(source_not_ready) if the table no longer exists.
[[nodiscard]] TableSchema read_table_schema(Connection& connection, const SourceTable& table, TypeCatalog& types,
                                            const ValueLimits& limits);
// Sets SourceTable::described and SourceTable::missing of the tables for which `is_new` holds, except those that were
// dropped in the meantime.
void describe_new(Connection& connection, std::vector<SourceTable>& tables, TypeCatalog& types,
                  const ValueLimits& limits, const std::function<bool(const SourceTable&)>& is_new);

}  // namespace walbrook::postgres
