#include "destination/duckdb/duckdb_kind.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>

#include "base/destination_name.h"
#include "base/error.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/duckdb_destination.h"
#include "destination/duckdb/file_place.h"
#include "destination/duckdb/file_url.h"
#include "destination/duckdb/stored_state.h"
#include "destination/local_path.h"

namespace walbrook::destination::duckdb {
namespace {

namespace fs = std::filesystem;

Place place(const std::string& url) {
  const auto path = path_of(url);
  return {.identity = path,
          .label = file_label(path),
          .shown = path,
          .folder = fs::path(path).parent_path().string(),
          .files = {path, log_of(path)}};
}

bool is_there(const std::string& url) {
  return is_there_locally(path_of(url));
}

// Finds out that the folder is missing or not writable, or that a log with commits is left from a file that is gone.
void check_creatable(const std::string& url) {
  const auto path = path_of(url);
  check_folder(fs::path(path).parent_path());
  std::error_code failed;
  const auto log = log_of(path);
  if (fs::exists(log, failed) && fs::file_size(log, failed) > 0) {
    throw Error(ErrorKind::destination, fmt::format("{} does not exist, but its log {} does", path, log),
                "Put the file back beside it, or move the log away: it may hold commits that are nowhere else.");
  }
}

// DuckDB keeps its log beside the file.
void check_writable(const std::string& url) {
  const fs::path file = path_of(url);
  check_writable_path(file);
  check_folder(file.parent_path());
}

// A log without its file is left of a file that was removed.
void move_leftovers_aside(const std::string& url) {
  const auto path = path_of(url);
  const auto log = log_of(path);
  std::error_code failed;
  if (fs::exists(path, failed) || !fs::exists(log, failed)) return;
  fs::rename(log, log + ".orig", failed);
  if (!failed) spdlog::info("the log {} has no database file: it was renamed to {}.orig", log, log);
}

}  // namespace

constinit const Kind kind_entry{
    .name = duckdb_destination,
    .capabilities = capabilities,
    .make = [](const DestinationOptions& options) -> std::unique_ptr<Destination> {
      return std::make_unique<DuckDbDestination>(options);
    },
    .stored_state = stored_state,
    .place = place,
    .is_there = is_there,
    .check_creatable = check_creatable,
    .check_writable = check_writable,
    .move_leftovers_aside = move_leftovers_aside,
};

}  // namespace walbrook::destination::duckdb
