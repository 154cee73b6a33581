#include "destination/local_path.h"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>

#include "base/error.h"

namespace walbrook::destination {

namespace fs = std::filesystem;

bool is_there_locally(const fs::path& path) {
  std::error_code failed;
  const bool exists = fs::exists(path, failed);
  if (!failed) return exists;
  throw Error(ErrorKind::destination,
              fmt::format("it cannot be determined whether {} exists: {}", path.string(), failed.message()),
              "Give this user the right to enter its folder, and every folder above it.");
}

void check_folder(const fs::path& folder) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed)) {
    throw Error(ErrorKind::destination, fmt::format("the folder {} does not exist", folder.string()),
                remedy("mkdir -p '{}'   (or name another with {})", folder.string(), RemedyOption::destination));
  }
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return;
  throw Error(ErrorKind::destination, fmt::format("the folder {} may not be written by this user", folder.string()),
              remedy("Give this user the right to write it, or name another with {}.", RemedyOption::destination));
}

void check_writable_path(const fs::path& path) {
  std::error_code failed;
  const bool is_folder = fs::is_directory(path, failed);
  if (::access(path.c_str(), is_folder ? W_OK | X_OK : W_OK) == 0) return;
  throw Error(ErrorKind::destination, fmt::format("{} may not be written by this user", path.string()),
              remedy("Give this user the right to write it, or name another with {}.", RemedyOption::destination));
}

}  // namespace walbrook::destination
