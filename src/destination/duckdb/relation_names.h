// The names of the file's tables and views, as DuckDB tells names apart. They are read once, at the first question, and
// then follow what the owner of this object creates and drops: asking the catalog for each of thousands of tables would
// take longer than copying them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

class RelationNames {
 public:
  // Borrows the connection. The names are read in its open transaction.
  explicit RelationNames(Connection& connection) : connection_(connection) {}

  [[nodiscard]] bool contain(const std::string& schema, const std::string& name);
  void add(const std::string& schema, const std::string& name);
  void remove(const std::string& schema, const std::string& name);

 private:
  using Name = std::pair<std::string, std::string>;  // folded schema and name
  [[nodiscard]] std::set<Name>& names();

  Connection& connection_;
  std::optional<std::set<Name>> names_;
};

}  // namespace walbrook::destination::duckdb
