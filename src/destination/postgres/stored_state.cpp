#include "destination/postgres/stored_state.h"

#include <utility>

#include "destination/sql_stored_state.h"

namespace walbrook::destination::postgresql {

std::unique_ptr<StoredState> stored_state(AskSql ask) {
  const auto found = ask("SELECT pg_catalog.to_regclass('_walbrook.format') IS NOT NULL");
  StateDialect dialect{
      .exists = found.rows.at(0).at(0).value_or("f") == "t",
      .state = "_walbrook",
      .catalog = "",
      .microseconds = "(extract(epoch FROM {}) * 1000000)::bigint",
      .columns =
          "(SELECT n.nspname AS schema_name, c.relname AS table_name, a.attname AS column_name, "
          "pg_catalog.format_type(a.atttypid, a.atttypmod) AS data_type, a.attnum AS column_index FROM "
          "pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN "
          "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped AND "
          "c.relkind = 'r')"};
  return std::make_unique<SqlStoredState>(std::move(ask), std::move(dialect));
}

}  // namespace walbrook::destination::postgresql
