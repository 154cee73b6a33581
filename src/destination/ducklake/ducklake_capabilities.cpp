#include "destination/ducklake/ducklake_capabilities.h"

#include "destination/duckdb/duckdb_capabilities.h"

namespace walbrook::destination::ducklake {

const Capabilities& capabilities() {
  // DuckLake 1.0 has no BIT. Its Parquet files hold no negative intervals, and times with a time zone only in UTC.
  // In the dictionary of a Parquet file, DuckDB (1.5.5) takes -0.0 and 0.0 for one value.
  static const Capabilities own = [] {
    auto lake = duckdb::capabilities();
    // Each commit is a snapshot. With a catalog on the source's server, it also moves the server's position.
    lake.idle_interval = std::chrono::minutes(1);
    // What a table's rows need (DatabaseTraits::before_table) is settled outside of the transaction that makes it.
    lake.moves = Moves::within_schema;
    lake.values.bit = false;
    lake.values.interval = false;
    lake.values.time_tz = false;
    lake.values.float_negative_zero = false;
    return lake;
  }();
  return own;
}

}  // namespace walbrook::destination::ducklake
