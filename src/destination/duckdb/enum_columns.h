// The columns of one target table that have type ENUM, and the labels that values need.
//
// A value may have a label that its column lacks: the source has added it since the types were read, or has renamed it
// since the change. The column gets it before the value is written. The source's labels come first, in their order;
// a label that the source no longer has stays behind them, since rows may have it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/enum_types.h"
#include "destination/target.h"
#include "model/table_schema.h"
#include "output/row_operations.h"

namespace walbrook::destination::duckdb {

// Returns the labels of a type; empty if it is not ENUM.
[[nodiscard]] std::vector<std::string> enum_labels(duckdb_logical_type type);

class EnumColumns {
 public:
  // Reads the labels of the table's columns for `schema`, which it borrows with the rest.
  EnumColumns(Connection& connection, const Target& target, const TableSchema& schema);

  [[nodiscard]] static bool has_any(const TableSchema& schema);

  // Notes the labels of the values that are to be written.
  void note(const RowRef& row);
  void note(const RowBatch& batch);
  [[nodiscard]] bool lack_labels() const;

  // Gives the columns the labels that they lack, and the source's order. Runs in the connection's open transaction.
  // REQUIRES: no row of the table was deleted in this transaction, since DuckDB could not commit it then.
  void alter(const EnumTypes& types);
  // The same by a new table, `free_name`, that takes the place of the old one, unless no label is lacking. DuckDB
  // commits this also after rows were deleted. REQUIRES: no table has the name.
  void replace_table(const EnumTypes& types, const std::string& free_name);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Labels = std::unordered_set<std::string, Hash, std::equal_to<>>;
  struct EnumColumn {
    std::uint32_t column = 0;  // of the schema
    std::string name;          // in the target
    std::vector<std::string> labels;
    Labels known;
    std::vector<std::string> lacking;
  };

  void note(EnumColumn& column, std::string_view label);
  [[nodiscard]] std::vector<std::string> wanted(const EnumColumn& column, const EnumTypes& types) const;
  [[nodiscard]] std::string table() const;
  void altered(EnumColumn& column, std::vector<std::string> labels);

  Connection& connection_;
  const Target& target_;
  const TableSchema& schema_;
  std::vector<EnumColumn> columns_;
};

}  // namespace walbrook::destination::duckdb
