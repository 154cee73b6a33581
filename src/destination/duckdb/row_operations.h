// The three row operations on one target table: what goes is deleted by one join with the rows in memory, what comes is
// appended.
//
// DELETE USING and append take a sixth of the time of MERGE or UPDATE. All of it runs in the connection's open
// transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/target.h"
#include "destination/transaction.h"

namespace walbrook::destination::duckdb {

// What an operation is about. Borrows.
struct RowOperation {
  Connection& connection;
  const Target& target;
  const RowsOf& rows;
};

// Rows that were completed and wait for their append, in a temporary table of this name.
struct CompletedRows {
  std::string table;
  AppendCounts counts;
};

// Creates temporary table number `number` of the transaction. Throws Error(data) where a patch finds no row, or more
// than one, to be completed from: the target is not what the source says it was.
[[nodiscard]] CompletedRows complete_rows(const RowOperation& what, std::span<const Patch> patches, int number);
// Returns how many rows went.
std::uint64_t remove_rows(const RowOperation& what, std::span<const Removal> removals);
// `completed`: nullptr, or rows to be written as well; their temporary table goes.
AppendCounts append_rows(const RowOperation& what, std::span<const RowRef> rows, const CompletedRows* completed);

}  // namespace walbrook::destination::duckdb
