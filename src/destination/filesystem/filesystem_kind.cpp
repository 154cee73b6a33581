#include "destination/filesystem/filesystem_kind.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/destination_name.h"
#include "base/error.h"
#include "destination/duckdb/stored_state.h"
#include "destination/filesystem/filesystem_capabilities.h"
#include "destination/filesystem/filesystem_destination.h"
#include "destination/filesystem/location.h"

namespace walbrook::destination::filesystem {
namespace {

namespace fs = std::filesystem;

Place place(const std::string& url) {
  const auto location = parse_location(url);
  return {.identity = location.root,
          .label = fs::path(location.root).filename().string(),
          .shown = location.root,
          .folder = location.is_bucket ? "" : location.root};
}

bool is_there(const std::string& url) {
  const auto location = parse_location(url);
  if (location.is_bucket) return true;
  std::error_code failed;
  const bool exists = fs::is_directory(location.root, failed);
  if (!failed || failed == std::errc::no_such_file_or_directory) return exists;
  throw Error(ErrorKind::destination,
              fmt::format("it cannot be determined whether {} exists: {}", location.root, failed.message()),
              "Give this user the right to enter the folders above it.");
}

// The folder itself is created, the one above it is not.
void check_creatable(const std::string& url) {
  const auto folder = fs::path(parse_location(url).root).parent_path();
  std::error_code failed;
  if (!fs::is_directory(folder, failed)) {
    throw Error(ErrorKind::destination, fmt::format("the folder {} does not exist", folder.string()),
                remedy("mkdir -p '{}'   (or name another with {})", folder.string(), RemedyOption::destination));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw Error(
        ErrorKind::destination, fmt::format("the folder {} may not be written by this user", folder.string()),
        remedy("Give this user the right to write it, or name another folder with {}.", RemedyOption::destination));
  }
}

void check_writable(const std::string& url) {
  const auto location = parse_location(url);
  if (location.is_bucket || ::access(location.root.c_str(), W_OK | X_OK) == 0) return;
  throw Error(ErrorKind::destination, fmt::format("{} may not be written by this user", location.root),
              "Give this user the right to write the folder.");
}

}  // namespace

constinit const Kind kind_entry{
    .name = filesystem_destination,
    .capabilities = capabilities,
    .make = [](const DestinationOptions& options) -> std::unique_ptr<Destination> {
      return std::make_unique<FilesystemDestination>(options);
    },
    .stored_state = duckdb::stored_state,
    .place = place,
    .is_there = is_there,
    .check_creatable = check_creatable,
    .check_writable = check_writable,
    .move_leftovers_aside = [](const std::string&) {},
};

}  // namespace walbrook::destination::filesystem
