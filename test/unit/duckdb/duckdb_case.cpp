#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {

Strings DuckDbCase::ask(const std::string& sql) {
  const auto session = destination::query_engine_of(destination()).open_session();
  return ask(*session, sql);
}

Strings DuckDbCase::ask(destination::ReadSession& session, const std::string& sql) {
  Strings out;
  for (const auto& row : session.query(sql).rows) {
    std::string line;
    for (const auto& cell : row) line += (line.empty() ? "" : "|") + cell.value_or("-");
    out.push_back(line);
  }
  return out;
}

}  // namespace walbrook::contract
