#include "destination/duckdb/state_views.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/state_row.h"
#include "destination/state_tables.h"

namespace walbrook::destination::duckdb {
namespace {

// Every pipeline's schema, by the table that says which format it has.
std::vector<std::string> state_schemas(Connection& connection) {
  std::vector<std::string> schemas;
  for (const auto& row : connection.rows("SELECT schema_name FROM duckdb_tables() WHERE database_name = $1 AND "
                                         "starts_with(schema_name, $2) AND table_name = 'format' ORDER BY schema_name",
                                         connection.database().catalog(), fmt::format("{}_", state_schema))) {
    schemas.push_back(text(row, 0));
  }
  return schemas;
}

// The tables are named without the database, which each reader attaches under a name of its choice.
std::string union_of(const std::vector<std::string>& schemas, std::string_view table) {
  std::string sql;
  for (const auto& schema : schemas) {
    sql +=
        fmt::format("{}SELECT * FROM {}.{}", sql.empty() ? "" : " UNION ALL ", identifier(schema), identifier(table));
  }
  return sql;
}

// DuckDB writes a name without quotes where it needs none.
bool is_shown(Connection& connection, const std::string& schema) {
  const auto rows = connection.rows(
      "SELECT count(*)::VARCHAR FROM duckdb_views() WHERE database_name = $1 AND "
      "schema_name = $2 AND (contains(sql, $3) OR contains(sql, $4))",
      connection.database().catalog(), state_schema, fmt::format("FROM {}.", schema),
      fmt::format("FROM {}.", identifier(schema)));
  return number(rows.at(0), 0) == static_cast<std::int64_t>(state_table_names.size());
}

}  // namespace

void show_state(Connection& connection, const std::string& schema) {
  if (is_shown(connection, schema)) return;
  const auto& database = connection.database();
  connection.execute(
      fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", identifier(database.catalog()), identifier(state_schema)),
      "creating the state");
  const auto schemas = state_schemas(connection);
  for (const auto& table : state_table_names) {
    connection.execute(fmt::format("CREATE OR REPLACE VIEW {} AS {}", database.full_name(state_schema, table),
                                   union_of(schemas, table)),
                       "creating the views of the state");
  }
}

bool has_state_views(Connection& connection) {
  return !connection
              .rows("SELECT view_name FROM duckdb_views() WHERE database_name = $1 AND schema_name = $2",
                    connection.database().catalog(), state_schema)
              .empty();
}

}  // namespace walbrook::destination::duckdb
