// Rows of a DuckDB target table as typed cells: the text that DuckDB prints, parsed by the types of the columns.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "test/contract/rows.h"

namespace walbrook::contract {

// Returns the columns of the table's record, in order. Throws Error if there is no such table.
[[nodiscard]] std::vector<std::vector<Cell>> read_from_duckdb(destination::Destination& destination,
                                                              const destination::OutputRecord& table);

// The rows of a query as DuckDB prints them, nested values as JSON documents.
struct TextRows {
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<std::string>>> cells;
};
// The same for a table that `ask` can query, in whatever DuckDB. Every column that it is asked for is text.
[[nodiscard]] std::vector<std::vector<Cell>> read_cells(const std::function<TextRows(const std::string& sql)>& ask,
                                                        destination::Destination& destination,
                                                        const destination::OutputRecord& table);

// Returns the cell that DuckDB prints as `printed`. Dates and timestamps are numbers, as read_from_duckdb queries them.
[[nodiscard]] Cell parse_duckdb_text(const PhysicalType& type, const std::string& printed);

}  // namespace walbrook::contract
