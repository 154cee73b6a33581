// Columns of tables, as a connection's snapshot of the catalog has them.
#pragma once

#include <functional>
#include <vector>

#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {

// The columns of a table as the connection's snapshot sees them, in attribute order: not dropped, not generated, and
// those that are published. `in_key` as a Relation message would say.
[[nodiscard]] TableSchema read_table_schema(Connection& connection, const SourceTable& table, TypeCatalog& types,
                                            const ValueLimits& limits);
// Sets SourceTable::described of those for which `is_new` holds, but for a table that was dropped meanwhile.
void describe_new(Connection& connection, std::vector<SourceTable>& tables, TypeCatalog& types,
                  const ValueLimits& limits, const std::function<bool(const SourceTable&)>& is_new);

}  // namespace walbrook::postgres
