#include "destination/duckdb/state_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination::duckdb {
namespace {

std::vector<std::string_view> missing_state_tables(Connection& connection, const std::string& schema) {
  std::set<std::string> there;
  for (const auto& row :
       connection.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = $1 AND schema_name = $2",
                       connection.database().catalog(), schema)) {
    there.insert(row.at(0).value_or(""));
  }
  std::vector<std::string_view> missing;
  std::ranges::copy_if(state_table_names, std::back_inserter(missing),
                       [&there](std::string_view name) { return !there.contains(std::string(name)); });
  return missing;
}

}  // namespace

bool has_state_table(Connection& connection, const std::string& schema, std::string_view name) {
  const auto missing = missing_state_tables(connection, schema);
  return std::ranges::find(missing, name) == missing.end();
}

bool has_state(Connection& connection, const std::string& schema) {
  return missing_state_tables(connection, schema).size() < state_table_names.size();
}

void check_state_is_whole(Connection& connection, const std::string& schema) {
  const auto missing = missing_state_tables(connection, schema);
  if (missing.empty()) return;
  const auto& label = connection.database().label();
  throw Error(ErrorKind::destination,
              fmt::format("walbrook's state in {} is incomplete: {} missing in schema {}", label,
                          fmt::format("table{} {} {}", missing.size() == 1 ? "" : "s", fmt::join(missing, ", "),
                                      missing.size() == 1 ? "is" : "are"),
                          schema),
              remedy("Nothing was applied, because it is unknown what was applied before. Restore {} from a "
                     "backup, or move it away and copy the tables again: {}",
                     label, RemedyAction::reset));
}

}  // namespace walbrook::destination::duckdb
