#include "destination/postgres/postgres_capabilities.h"

#include <array>

#include "destination/postgres/state.h"

namespace walbrook::destination::postgresql {
namespace {

constexpr std::size_t longest_name = 63;  // NAMEDATALEN - 1: the server cuts a longer one

constexpr std::array<ReservedSchema, 4> reserved_schemas = {
    {{state_schema, "is where walbrook keeps its own state"},
     {"information_schema", "is PostgreSQL's own: no target table can be created in it"},
     {"pg_catalog", "is PostgreSQL's own: no table can be created in it"},
     {"pg_toast", "is PostgreSQL's own: no table can be created in it"}}};

// Every value of a source has a type here. The ranges are PostgreSQL's own; of its timestamps, those after the year
// 294247 do not fit into microseconds since 1970.
constexpr ValueLimits value_limits{
    .min_timestamp = -210'866'803'200'000'000, .min_date = -2'440'588, .max_date = 2'145'042'905, .source_types = true};

}  // namespace

const Capabilities& capabilities() {
  static const Capabilities own{.rows_change = true,
                                .atomic = true,
                                .transactional_ddl = true,
                                .keeps_prepared = true,
                                .values = value_limits,
                                .names = {.max_bytes = longest_name,
                                          .folds_ascii_case = false,
                                          .state_schema = state_schema,
                                          .state_tables = state_table_names,
                                          .reserved_schemas = reserved_schemas}};
  return own;
}

const Capabilities& capabilities_with_user_types() {
  static const Capabilities own = [] {
    auto with_types = capabilities();
    with_types.values.user_types = true;
    return with_types;
  }();
  return own;
}

}  // namespace walbrook::destination::postgresql
