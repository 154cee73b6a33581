// Rows of a DuckDB target table as typed cells: what DuckDB shows of them, read back by the types that they were given
// with.
#pragma once

#include <string>
#include <vector>

#include "destination/destination.h"
#include "test/contract/rows.h"

namespace walbrook::contract {

// The columns of the table's record, in their order. Throws Error where there is no such table.
[[nodiscard]] std::vector<std::vector<Cell>> read_from_duckdb(destination::Destination& destination,
                                                              const destination::OutputRecord& table);

// The cell that DuckDB prints so. Dates and timestamps are numbers here, as the query of read_from_duckdb has them.
[[nodiscard]] Cell parse_duckdb_text(const PhysicalType& type, const std::string& printed);

}  // namespace walbrook::contract
