// Lets a SQL statement read rows in walbrook's memory as a table. DELETE … USING such rows needs no temporary table,
// copies nothing, and still reports how many rows it changed.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "destination/duckdb/chunk_filler.h"
#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// The rows and columns that one statement may read. Borrows the rows.
struct ScannedRows {
  struct Column {
    std::string name;
    LogicalType type;
  };
  std::vector<Column> columns;
  ChunkFiller filler;
  SelectedRows rows;
};

// Registers the table function `_walbrook_rows(token)` with a database, once. A token identifies rows for the time of
// one statement and cannot be guessed, so nobody else's SQL can read them. REQUIRES: it outlives the database.
class RowScan {
 public:
  RowScan() = default;
  RowScan(const RowScan&) = delete;
  RowScan& operator=(const RowScan&) = delete;
  void register_with(duckdb_connection connection);

  // Runs `before` + "_walbrook_rows(…)" + `after`. Returns the number of rows changed. Throws what filling a chunk
  // threw.
  std::uint64_t execute(Connection& connection, const std::string& before, const std::string& after, ScannedRows& rows,
                        const std::string& doing);

 private:
  struct Scan {
    ScannedRows* rows = nullptr;
    std::size_t at = 0;
    std::exception_ptr failure;
  };
  static void bind(duckdb_bind_info info);
  static void start(duckdb_init_info info);
  static void next(duckdb_function_info info, duckdb_data_chunk out);

  std::mutex mutex_;  // guards scans_
  std::unordered_map<std::uint64_t, Scan> scans_;
};

}  // namespace walbrook::destination::duckdb
