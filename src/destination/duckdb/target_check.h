// Compares target tables in the file with what walbrook made: anybody who opens the file between two runs may drop or
// alter them.
//
// DuckDB keeps no identity of a table that outlives the process (table_oid is assigned again when the file is opened):
// see target_difference.h.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "destination/destination.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/target_sql.h"
#include "destination/target_difference.h"

namespace walbrook::destination::duckdb {

class TargetCheck {
 public:
  // Borrows the connection. The catalog is read at the first call of difference(), in three queries for all tables of
  // the file.
  explicit TargetCheck(Connection& connection) : connection_(connection) {}

  // Returns how the target differs from what walbrook made; nullopt if it does not. Added columns are ignored, and so
  // are columns that the source's table no longer has. Without `columns`, types are not compared.
  [[nodiscard]] std::optional<TargetDifference> difference(const Target& target, const TableSchema* columns);

 private:
  struct Relation {
    bool is_view = false;
    std::map<std::string, std::string> columns;  // folded name → type
  };
  using Name = std::pair<std::string, std::string>;  // folded schema and name

  void read();
  [[nodiscard]] bool has_type(const Target& target, const TargetColumn& column, const std::string& type,
                              const TableSchema& columns);

  Connection& connection_;
  bool is_read_ = false;
  std::set<std::string> schemas_;
  std::map<Name, Relation> relations_;
};

// Runs `work`, which changes one target table. A failure of DuckDB that concerns the table becomes a TargetRefused.
template <class Work>
auto on_target(const Work& work) {
  try {
    return work();
  } catch (const DuckDbError& failed) {
    if (!failed.concerns_table()) throw;
    throw TargetRefused(failed.cause(), failed.remedy());
  }
}

}  // namespace walbrook::destination::duckdb
