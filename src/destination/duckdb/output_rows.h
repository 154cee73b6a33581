// The state's rows of a pipeline's tables and outputs (_walbrook.tables, outputs, schema_versions).
//
// Functions work in the connection's open transaction.
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
  [[nodiscard]] std::vector<OutputRecord> outputs() const;  // likewise, then by id

  // Replaces those of the same OID or name. REQUIRES: no two of them have one OID or one name.
  void put(std::span<const TableRecord> records);
  // Replaces those of the same id; columns that changed are a new version of the schema, as of `checkpoint` or of the
  // output's copy, whichever is later. REQUIRES: no two of them have one id.
  void put(std::span<const OutputRecord> records, Lsn checkpoint);

  // The output, the versions of its schema, and its table where that has no other output.
  void forget(const OutputRecord& output);
  void forget_sourced();  // all but outputs without a source

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
