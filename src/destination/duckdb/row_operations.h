// The three row operations on one target table. Rows are deleted by one join with the rows in memory; new rows are
// appended.
//
// DELETE USING and append take a sixth of the time of MERGE or UPDATE. All of it runs in the connection's open
// transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "destination/duckdb/connection.h"
#include "destination/target.h"
#include "destination/transaction.h"

namespace walbrook::destination::duckdb {

// The subject of an operation. Everything is borrowed for the time of the operation.
struct RowOperation {
  Connection& connection;
  const Target& target;
  const RowsOf& rows;
};

// Completed rows that wait for their append, in a temporary table of this name.
struct CompletedRows {
  std::string table;
  AppendCounts counts;
};

// Creates temporary table number `number` of the transaction, with the completed rows. Throws Error(data) if a patch
// finds no row, or more than one, to be completed from: the target does not hold what the source held.
[[nodiscard]] CompletedRows complete_rows(const RowOperation& what, std::span<const Patch> patches, int number);
// Removes the rows that `removals` name. Returns how many it removed.
std::uint64_t remove_rows(const RowOperation& what, std::span<const Removal> removals);
// Appends `rows` and, unless `completed` is nullptr, the completed rows, whose temporary table it then drops.
AppendCounts append_rows(const RowOperation& what, std::span<const RowRef> rows, const CompletedRows* completed);

}  // namespace walbrook::destination::duckdb
