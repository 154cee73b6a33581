// Target tables as they stand in the file, against what walbrook made: whoever opens the file between two runs may drop
// or alter them.
//
// DuckDB keeps no identity of a table that outlives the process (table_oid is given again when the file is opened), so
// that a table that was altered is told from another one under its name by its columns alone.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "destination/destination.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/target.h"

namespace walbrook::destination::duckdb {

struct TargetDifference {
  bool name_conflict = false;  // TargetFinding::Kind
  std::string reason;
  std::string hint;
};

class TargetCheck {
 public:
  // Borrows the connection. The catalog is read at the first question, in three queries for all tables of the file.
  explicit TargetCheck(Connection& connection) : connection_(connection) {}

  // nullopt: the target stands as it was made. Columns that were added are passed over, and so is what the source's
  // table no longer has. Without `columns` types are not compared.
  [[nodiscard]] std::optional<TargetDifference> difference(const Target& target, const TableSchema* columns);

 private:
  struct Relation {
    bool is_view = false;
    std::map<std::string, std::string> columns;  // folded name → type
  };
  using Name = std::pair<std::string, std::string>;  // folded schema and name

  void read();
  [[nodiscard]] TargetDifference missing(const Target& target) const;
  [[nodiscard]] bool has_type(const Target& target, const TargetColumn& column, const std::string& type,
                              const TableSchema& columns);

  Connection& connection_;
  bool is_read_ = false;
  std::set<std::string> schemas_;
  std::map<Name, Relation> relations_;
};

// Runs `work`, which changes one target table: a failure of DuckDB that concerns the table becomes a TargetRefused.
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
