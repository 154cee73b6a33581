// The tables of a copy with their columns, types and keys, as they stand in the destination.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "destination/stored_state.h"

namespace walbrook::cli {

// `sql` makes the same tables, empty, in another DuckDB. Tables without a copy are left out.
[[nodiscard]] std::string schema_in(SchemaFormat format, const destination::StoredPipeline& pipeline,
                                    const std::vector<destination::StoredTable>& tables);

}  // namespace walbrook::cli
