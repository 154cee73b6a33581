// Rows of a table of files as typed cells, as a plain DuckDB reads them through views.sql.
#pragma once

#include <string>
#include <vector>

#include "destination/destination.h"
#include "destination/open_destination.h"
#include "test/contract/duckdb_cells.h"
#include "test/contract/rows.h"

namespace walbrook::contract {

// Returns the columns of the table's record, in order. Throws Error if there is no such table.
[[nodiscard]] std::vector<std::vector<Cell>> read_from_files(destination::Destination& destination,
                                                             const destination::OutputRecord& table);
// Removes the table's folder, as somebody else would drop the table.
void drop_in_files(const destination::DestinationOptions& options, const destination::TargetName& target);

// Runs `views`, then `sql`, in a new DuckDB. Every column of the result is text.
[[nodiscard]] TextRows query_plain_duckdb(const std::string& views, const std::string& sql);

}  // namespace walbrook::contract
