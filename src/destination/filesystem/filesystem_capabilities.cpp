#include "destination/filesystem/filesystem_capabilities.h"

#include "destination/duckdb/duckdb_capabilities.h"

namespace walbrook::destination::filesystem {

const Capabilities& capabilities() {
  // Readers see the tables by views in DuckDB, whose names and values they therefore have.
  static const Capabilities own{.rows_change = false,
                                .atomic = false,
                                .transactional_ddl = true,
                                .keeps_prepared = true,
                                .moves = Moves::everywhere,
                                .values = duckdb::capabilities().values,
                                .names = duckdb::capabilities().names};
  return own;
}

}  // namespace walbrook::destination::filesystem
