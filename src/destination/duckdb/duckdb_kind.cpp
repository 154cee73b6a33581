#include "destination/duckdb/duckdb_kind.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>

#include "base/destination_name.h"
#include "base/error.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/duckdb_destination.h"
#include "destination/duckdb/file_place.h"
#include "destination/duckdb/file_url.h"
#include "destination/duckdb/stored_state.h"

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
  const auto path = path_of(url);
  std::error_code failed;
  const bool exists = fs::exists(path, failed);
  if (!failed) return exists;
  throw Error(ErrorKind::destination,
              fmt::format("it cannot be determined whether {} exists: {}", path, failed.message()),
              "Give this user the right to enter its folder, and to every folder above it.");
}

// Finds out that the folder is missing or not writable, or that a log with commits is left from a file that is gone.
void check_creatable(const std::string& url) {
  const auto path = path_of(url);
  std::error_code failed;
  const auto folder = fs::path(path).parent_path();
  if (!fs::is_directory(folder, failed)) {
    throw Error(ErrorKind::destination, fmt::format("the folder {} does not exist", folder.string()),
                remedy("mkdir -p '{}'   (or name another with {})", folder.string(), RemedyOption::destination));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw Error(
        ErrorKind::destination, fmt::format("the folder {} may not be written by this user", folder.string()),
        remedy("Give this user the right to write it, or name another file with {}.", RemedyOption::destination));
  }
  const auto log = log_of(path);
  if (fs::exists(log, failed) && fs::file_size(log, failed) > 0) {
    throw Error(ErrorKind::destination, fmt::format("{} does not exist, but its log {} does", path, log),
                "Put the file back beside it, or move the log away: it may hold commits that are nowhere else.");
  }
}

void check_writable(const std::string& url) {
  const fs::path file = path_of(url);
  if (::access(file.c_str(), W_OK) == 0 && ::access(file.parent_path().c_str(), W_OK) == 0) return;
  throw Error(ErrorKind::destination, fmt::format("{} may not be written by this user", file.string()),
              "Give this user the right to write the file and its folder.");
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
