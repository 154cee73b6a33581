#include "test/contract/lake_kinds.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "destination/ducklake/lake_url.h"
#include "test/contract/duckdb_cells.h"
#include "test/contract/duckdb_user.h"
#include "test/contract/scratch_databases.h"

namespace walbrook::contract {
namespace {

namespace fs = std::filesystem;
using destination::DestinationOptions;

const fs::path fetched = fs::path(WALBROOK_SOURCE_DIR) / "build/ducklake";

DestinationOptions lake_at(const std::string& catalog, const std::string& folder) {
  return {.url = fmt::format("ducklake:{}?data_path={}/lake", catalog, folder),
          .extension_directory = (fetched / "extensions").string()};
}

DestinationOptions in_file(const std::string& folder) {
  return lake_at(folder + "/shop.ducklake", folder);
}

DestinationOptions in_sqlite(const std::string& folder) {
  return lake_at("sqlite:" + folder + "/shop.sqlite", folder);
}

DestinationOptions in_postgres(const std::string& folder) {
  return lake_at("postgres:" + scratch_conninfo(folder), folder);
}

void drop_from_lake(const DestinationOptions& options, const destination::TargetName& target) {
  const auto lake = destination::ducklake::parse_lake_url(options.url);
  run_in_duckdb(":memory:", {fmt::format("SET extension_directory = '{}'", options.extension_directory).c_str(),
                             "LOAD ducklake", "LOAD sqlite_scanner", "LOAD postgres_scanner",
                             fmt::format("ATTACH 'ducklake:{}' AS lake", lake.catalog).c_str(),
                             fmt::format("DROP TABLE lake.\"{}\".\"{}\"", target.schema, target.table).c_str()});
}

}  // namespace

std::vector<DestinationKind> lake_kinds() {
  if (!fs::exists(fetched / "complete")) {
    std::cerr << "no lake is tested: tools/install-ducklake fetches DuckDB's extensions\n";
    return {};
  }
  return {{.name = "ducklake", .options = in_file, .read = read_from_duckdb, .drop_table = drop_from_lake},
          {.name = "ducklake_sqlite", .options = in_sqlite, .read = read_from_duckdb, .drop_table = drop_from_lake},
          {.name = "ducklake_postgresql",
           .options = in_postgres,
           .read = read_from_duckdb,
           .drop_table = drop_from_lake,
           .keep = keep_scratch_database}};
}

}  // namespace walbrook::contract
