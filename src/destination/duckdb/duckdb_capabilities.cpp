#include "destination/duckdb/duckdb_capabilities.h"

#include <array>

#include "destination/duckdb/state.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {
namespace {

// DuckDB's own schemas, and words that it reads as another database's name in every query (1.5.5: temp, system).
constexpr std::array<ReservedSchema, 5> reserved_schemas = {
    {{state_schema, "is where walbrook keeps its own state"},
     {"information_schema", "is DuckDB's own: no table can be created in it"},
     {"pg_catalog", "is DuckDB's own: no table can be created in it"},
     {"temp", "is the database of DuckDB's temporary tables: a query could not name a table in it"},
     {"system", "is DuckDB's own database: a query could not name a table in it"}}};

}  // namespace

const Capabilities& capabilities() {
  static const Capabilities own{.rows_change = true,
                                .atomic = true,
                                .transactional_ddl = false,
                                .keeps_prepared = true,
                                .values = value_limits,
                                .names = {.folds_ascii_case = true,
                                          .state_schema = state_schema,
                                          .state_tables = state_table_names,
                                          .reserved_schemas = reserved_schemas}};
  return own;
}

const Capabilities& capabilities_with_enums() {
  static const Capabilities own = [] {
    auto with_enums = capabilities();
    with_enums.values.user_types = true;
    return with_enums;
  }();
  return own;
}

}  // namespace walbrook::destination::duckdb
