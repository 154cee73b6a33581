#include "destination/ducklake/ducklake_kind.h"

#include <filesystem>

#include "base/destination_name.h"
#include "destination/duckdb/stored_state.h"
#include "destination/ducklake/ducklake_capabilities.h"
#include "destination/ducklake/lake_destination.h"
#include "destination/ducklake/lake_url.h"
#include "destination/local_path.h"

namespace walbrook::destination::ducklake {
namespace {

namespace fs = std::filesystem;

Place place(const std::string& url) {
  const auto lake = parse_lake_url(url);
  if (lake.kind == CatalogKind::postgres) {
    return {.identity = lake.label, .label = lake.label, .shown = lake.label, .has_many_runs = true};
  }
  Place place{.identity = "ducklake:" + lake.catalog_file,
              .label = lake.label,
              .shown = lake.catalog_file,
              .folder = fs::path(lake.catalog_file).parent_path().string(),
              .files = {lake.catalog_file, lake.catalog_file + ".wal"},
              .has_many_runs = lake.kind == CatalogKind::sqlite};
  if (lake.kind == CatalogKind::file) {
    place.users = lake.label +
                  " has its catalog in a DuckDB file: while a run is at work, no other process can open it, "
                  "not even to read";
    place.users_remedy =
        "`walbrook sql` asks the run. A catalog in PostgreSQL (ducklake:postgres:dbname=…) has any "
        "number of readers.";
  } else {
    place.users = lake.label + " has its catalog in a SQLite file: only processes of this machine can open it";
  }
  return place;
}

// Whether a server holds a lake is found out by attaching it.
bool is_there(const std::string& url) {
  const auto file = parse_lake_url(url).catalog_file;
  return file.empty() || is_there_locally(file);
}

// The folder of the data path is created, the one above it is not.
void check_creatable(const std::string& url) {
  const auto lake = parse_lake_url(url);
  if (!lake.catalog_file.empty()) check_folder(fs::path(lake.catalog_file).parent_path());
  if (lake.in_bucket || lake.data_path.empty()) return;
  const fs::path data = lake.data_path;
  check_folder(is_there_locally(data) ? data : data.parent_path());
}

void check_writable(const std::string& url) {
  const auto lake = parse_lake_url(url);
  for (const auto& path : {lake.catalog_file, lake.in_bucket ? std::string() : lake.data_path}) {
    if (!path.empty() && is_there_locally(path)) check_writable_path(path);
  }
}

}  // namespace

constinit const Kind kind_entry{
    .name = ducklake_destination,
    .capabilities = capabilities,
    .make = [](const DestinationOptions& options) -> std::unique_ptr<Destination> {
      return std::make_unique<LakeDestination>(options);
    },
    .stored_state = duckdb::stored_state,
    .place = place,
    .is_there = is_there,
    .check_creatable = check_creatable,
    .check_writable = check_writable,
    .move_leftovers_aside = [](const std::string& /*url*/) {},
};

}  // namespace walbrook::destination::ducklake
