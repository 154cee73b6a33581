// The state's rows for a pipeline's tables and outputs (_walbrook.tables, outputs, schema_versions).
//
// All functions work in the connection's open transaction.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/state.h"

namespace walbrook::destination::duckdb {

class OutputRows {
 public:
  // Borrows the connection.
  OutputRows(Connection& connection, std::string pipeline);

  [[nodiscard]] std::vector<TableRecord> tables() const;    // by source schema and name
  [[nodiscard]] std::vector<OutputRecord> outputs() const;  // by source schema and name, then by id

  // Replaces the rows with the same OID or the same name. REQUIRES: no two records have the same OID or the same name.
  void put(std::span<const TableRecord> records);
  // Replaces the rows with the same id. Columns that changed become a new version of the schema, as of `checkpoint` or
  // of the output's copy, whichever is later. REQUIRES: no two records have the same id.
  void put(std::span<const OutputRecord> records, Lsn checkpoint);

  // Deletes the output, the versions of its schema, and its table if that has no other output.
  void forget(const OutputRecord& output);
  void forget_sourced();  // deletes all rows except those of outputs without a source

 private:
  [[nodiscard]] std::string table(const char* name) const;
  void insert(const char* name, const char* columns, const std::vector<std::string>& rows);
  struct SchemaVersion {
    std::int64_t version = 0;
    std::string columns;  // as JSON
  };
  // By the outputs' ids, at least those of `records`.
  [[nodiscard]] std::map<std::uint32_t, SchemaVersion> newest_versions(std::span<const OutputRecord> records) const;
  void put_schema_versions(std::span<const OutputRecord> records, Lsn checkpoint);

  Connection& connection_;
  std::string pipeline_;
};

}  // namespace walbrook::destination::duckdb
