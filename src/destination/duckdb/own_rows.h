// Tables that a program writes: what SQL does with the rows of a copy.
//
// All of it runs in the connection's open transaction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination::duckdb {

// Deletes the rows of `target` after which one with an equal key was appended; returns how many. Error(configuration):
// a column `rowid` hides the order in which they came.
std::uint64_t keep_last_rows(Connection& connection, const Target& target, const std::vector<std::string>& key);

// Rows of `copy` to `live`, which has all of its columns; rows of `live` with an equal key go before. An empty key:
// none go.
[[nodiscard]] MergeCounts add_rows(Connection& connection, const Target& live, const Target& copy,
                                   const std::vector<std::string>& key);

// Adds those of the columns that the table does not have.
void add_missing_columns(Connection& connection, StateTables& state, TargetRecord& record,
                         const std::vector<ColumnSchema>& columns, Naming naming);

}  // namespace walbrook::destination::duckdb
