// The tables and views of the file, as DuckDB tells names apart. Read once, at the first question, and then kept up
// with what its owner does: to ask the catalog for each of thousands of tables would take longer than to copy them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

class RelationNames {
 public:
  // Borrows the connection, whose open transaction is asked.
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
