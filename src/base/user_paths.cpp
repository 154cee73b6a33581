#include "base/user_paths.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "base/text.h"

namespace walbrook {
namespace {

std::optional<std::string> home_folder() {
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return home;
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  if (entry.pw_dir == nullptr || *entry.pw_dir != '/') return {};
  return entry.pw_dir;
}

// XDG: a relative path is ignored.
std::optional<std::string> state_home() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return state;
  const auto home = home_folder();
  return home ? std::optional(*home + "/.local/state") : std::nullopt;
}

}  // namespace

std::string expand_home(std::string_view path) {
  if (!path.starts_with('~')) return std::string(path);
  const auto rest = path.substr(1);
  if (!rest.empty() && !rest.starts_with('/')) {
    throw Error(ErrorKind::configuration, fmt::format("the path {} names the home folder of another user", path),
                "Write the whole path. Only ~/ is expanded; a file whose name begins with ~ is ./~NAME.");
  }
  const auto home = home_folder();
  if (!home) {
    throw Error(ErrorKind::configuration,
                fmt::format("the path {} needs a home folder: HOME is not set, and user {} is not in the user database",
                            path, ::geteuid()),
                "Set HOME, or write the whole path.");
  }
  return *home + std::string(rest);
}

void require_current_folder(std::string_view what) {
  std::error_code failed;
  static_cast<void>(std::filesystem::current_path(failed));
  if (!failed) return;
  throw Error(ErrorKind::configuration,
              fmt::format("{} the current folder, which {}", what,
                          failed == std::errc::no_such_file_or_directory ? "was deleted"
                                                                         : "cannot be read: " + failed.message()),
              "Change to a folder that exists (cd), or write the whole path.");
}

std::string users_state_folder() {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (const auto state = state_home()) {
    const auto folder = fs::path(*state) / "walbrook";
    if (fs::is_directory(folder, failed) && ::access(folder.c_str(), W_OK | X_OK) == 0) return folder.string();
    fs::create_directories(folder.parent_path(), failed);
    if (!failed && ::mkdir(folder.c_str(), S_IRWXU) == 0) return folder.string();
  }
  // It is as large as other disks, while /tmp is often in memory.
  constexpr const char* temporary = "/var/tmp";
  if (::access(temporary, W_OK | X_OK) == 0) return temporary;
  const auto other = fs::temp_directory_path(failed);
  return failed ? "/tmp" : other.string();
}

}  // namespace walbrook
