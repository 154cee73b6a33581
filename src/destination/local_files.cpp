#include "destination/local_files.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "destination/duckdb/file_place.h"
#include "destination/open_destination.h"

namespace walbrook::destination {

namespace fs = std::filesystem;

std::vector<std::string> local_files(const std::string& url) {
  const auto path = local_path(url);
  return {path, duckdb::log_of(path)};
}

bool is_there(const std::string& url) {
  const auto path = local_path(url);
  std::error_code failed;
  const bool exists = fs::exists(path, failed);
  if (!failed) return exists;
  throw Error(ErrorKind::destination,
              fmt::format("it cannot be determined whether {} exists: {}", path, failed.message()),
              "Give this user the right to enter its folder, and to every folder above it.");
}

void check_creatable(const std::string& url) {
  const auto path = local_path(url);
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
  const auto log = duckdb::log_of(path);
  if (fs::exists(log, failed) && fs::file_size(log, failed) > 0) {
    throw Error(ErrorKind::destination, fmt::format("{} does not exist, but its log {} does", path, log),
                "Put the file back beside it, or move the log away: it may hold commits that are nowhere else.");
  }
}

void move_leftovers_aside(const std::string& url) {
  const auto path = local_path(url);
  const auto log = duckdb::log_of(path);
  std::error_code failed;
  if (fs::exists(path, failed) || !fs::exists(log, failed)) return;
  fs::rename(log, log + ".orig", failed);
  if (!failed) spdlog::info("the log {} has no database file: it was renamed to {}.orig", log, log);
}

}  // namespace walbrook::destination
