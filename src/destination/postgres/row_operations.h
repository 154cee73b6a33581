// The three row operations on one target table. Rows are removed by one join with the rows that are sought; new rows
// are appended.
//
// Few rows travel as a VALUES list inside the statement, whose number of rows the planner sees; many by COPY into a
// temporary table. All of it runs in the session's open transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "destination/postgres/scratch_tables.h"
#include "destination/postgres/server_types.h"
#include "destination/postgres/session.h"
#include "destination/target.h"
#include "destination/transaction.h"

namespace walbrook::destination::postgresql {

// The subject of an operation. Everything is borrowed for the time of the operation.
struct RowOperation {
  Session& session;
  const ServerTypes& types;
  ScratchTables& scratch;
  const Target& target;
  const RowsOf& rows;
};

// Rows that were completed and wait for their append.
struct CompletedRows {
  std::string table;    // a temporary table
  std::string columns;  // the target's columns that it has, as column_list returns them
  AppendCounts counts;
};

// Each does what the method of the same name of Transaction does.
[[nodiscard]] CompletedRows complete_rows(const RowOperation& what, std::span<const Patch> patches);
[[nodiscard]] std::uint64_t remove_rows(const RowOperation& what, std::span<const Removal> removals);
// `completed`: rows to be appended too; nullptr: none.
[[nodiscard]] AppendCounts append_rows(const RowOperation& what, std::span<const RowRef> rows,
                                       const CompletedRows* completed);

// Returns the fields that fill the target's columns from rows of this schema. A column that the schema lacks is NULL.
struct Field;
[[nodiscard]] std::vector<Field> fields_for(const Target& target, const TableSchema& schema);
// Returns `("a", "b")` for the target's columns, in their order; "" for none.
[[nodiscard]] std::string column_list(std::span<const TargetColumn> columns);

}  // namespace walbrook::destination::postgresql
