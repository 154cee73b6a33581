#include "destination/duckdb/file_place.h"

#include <filesystem>

namespace walbrook::destination::duckdb {

namespace fs = std::filesystem;

std::string file_label(const std::string& path) {
  return fs::path(path).filename().string();
}

std::string log_of(const std::string& path) {
  return path + ".wal";
}

std::string behind_links(const std::string& path) {
  constexpr int most_links = 40;  // the kernel's limit
  fs::path place = path;
  std::error_code failed;
  for (int i = 0; i < most_links && fs::is_symlink(place, failed); ++i) {
    const auto next = fs::read_symlink(place, failed);
    if (failed) break;
    place = place.parent_path() / next;
  }
  return place.string();
}

}  // namespace walbrook::destination::duckdb
