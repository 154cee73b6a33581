#include "destination/filesystem/filesystem_kind.h"

#include <filesystem>

#include "base/destination_name.h"
#include "destination/duckdb/stored_state.h"
#include "destination/filesystem/filesystem_capabilities.h"
#include "destination/filesystem/filesystem_destination.h"
#include "destination/filesystem/location.h"
#include "destination/local_path.h"

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
  std::error_code failed;
  return location.is_bucket || (is_there_locally(location.root) && fs::is_directory(location.root, failed));
}

// The folder itself is created, the one above it is not.
void check_creatable(const std::string& url) {
  check_folder(fs::path(parse_location(url).root).parent_path());
}

void check_writable(const std::string& url) {
  const auto location = parse_location(url);
  if (!location.is_bucket) check_writable_path(location.root);
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
