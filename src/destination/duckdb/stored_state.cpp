#include "destination/duckdb/stored_state.h"

#include <utility>

#include "destination/duckdb/connection.h"
#include "destination/sql_stored_state.h"

namespace walbrook::destination::duckdb {

std::unique_ptr<StoredState> stored_state(AskSql ask) {
  const auto found = ask(
      "SELECT current_database() AS name, (SELECT count(*) FROM (SELECT database_name, schema_name, table_name FROM "
      "duckdb_tables() UNION ALL SELECT database_name, schema_name, view_name FROM duckdb_views()) WHERE "
      "database_name = current_database() AND schema_name = '_walbrook' AND table_name = 'format') AS states");
  const auto& cells = found.rows.at(0);
  const auto catalog = identifier(cells.at(0).value_or(""));  // in shop.duckdb a schema `shop` alone would be ambiguous
  StateDialect dialect{
      .exists = cells.at(1).value_or("0") != "0",
      .state = catalog + "._walbrook",
      .catalog = catalog + ".",
      .microseconds = "epoch_us({})",
      .columns =
          "(SELECT schema_name, table_name, column_name, data_type, column_index FROM duckdb_columns() WHERE "
          "database_name = current_database())"};
  return std::make_unique<SqlStoredState>(std::move(ask), std::move(dialect));
}

}  // namespace walbrook::destination::duckdb
