// Appends rows of row batches to a table that walbrook made, in the connection's transaction. Every column of the
// batches goes to the column of that name, every overflowing value to its overflow column; columns that the batches do
// not have become NULL.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "destination/duckdb/chunk_filler.h"
#include "destination/duckdb/connection.h"
#include "destination/target.h"

namespace walbrook::destination::duckdb {

// Returns the columns of the table as they are in the file, where a user may have added some.
[[nodiscard]] std::vector<std::string> column_names(Connection& connection, const std::string& schema,
                                                    const std::string& table);

// Returns the sources of the columns `names`, for batches of `schema`. Throws TargetRefused if a column of the schema,
// or its overflow column, is missing in the table.
[[nodiscard]] std::vector<Feed> feeds_for(const std::vector<std::string>& names, const Target& target,
                                          const TableSchema& schema);

// An appender whose errors name what was being done. Destroying it flushes it; rows that must not stay are rolled back
// with the transaction around it.
class Appender {
 public:
  Appender(Connection& connection, const std::string& schema, const std::string& table, std::string doing);
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;
  ~Appender();

  [[nodiscard]] std::vector<LogicalType> types() const;
  void append(duckdb_data_chunk chunk);
  void flush();
  void close();  // flushes

 private:
  void check(duckdb_state state);

  Connection& connection_;
  std::string doing_;
  duckdb_appender appender_ = nullptr;
};

using DataChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;
[[nodiscard]] DataChunk make_chunk(const std::vector<LogicalType>& types);

class ChunkWriter {
 public:
  // Throws TargetRefused if a column of the table is missing or does not have the type that its values need.
  ChunkWriter(Connection& connection, const Target& target, const TableSchemaRef& schema, const Provenance& provenance);

  void write(const SelectedRows& rows);
  void write(const RowBatch& batch);  // all of its rows
  void close() { appender_.close(); }
  [[nodiscard]] std::uint64_t overflow_values() const { return filler_.overflow_values(); }
  [[nodiscard]] std::size_t bytes() const { return filler_.bytes(); }  // of texts and list elements

 private:
  void send(std::uint32_t rows);

  Connection& connection_;
  Appender appender_;
  ChunkFiller filler_;
  DataChunk chunk_;
  std::size_t unflushed_rows_ = 0;
  std::size_t flushed_bytes_ = 0;
};

}  // namespace walbrook::destination::duckdb
