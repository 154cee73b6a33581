// Rows of a DuckDB target table as typed cells: the text that DuckDB prints, parsed by the types of the columns.
#pragma once

#include <string>
#include <vector>

#include "destination/destination.h"
#include "test/contract/rows.h"

namespace walbrook::contract {

// Returns the columns of the table's record, in order. Throws Error if there is no such table.
[[nodiscard]] std::vector<std::vector<Cell>> read_from_duckdb(destination::Destination& destination,
                                                              const destination::OutputRecord& table);

// Returns the cell that DuckDB prints as `printed`. Dates and timestamps are numbers, as read_from_duckdb queries them.
[[nodiscard]] Cell parse_duckdb_text(const PhysicalType& type, const std::string& printed);

}  // namespace walbrook::contract
