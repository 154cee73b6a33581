#include "config/file_access.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace walbrook::config {
namespace {

namespace fs = std::filesystem;

bool is_trusted(uid_t owner) {
  return owner == ::geteuid() || owner == 0;
}

std::string user_name(uid_t user) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::to_string(user);
  return entry.pw_name;
}

// A group with the same number as its only user, as Debian creates them, has no other members: a umask of 002 is
// harmless there.
bool is_writable_by_others(const struct stat& found) {
  const bool of_group = (found.st_mode & S_IWGRP) != 0 && found.st_gid != found.st_uid;
  return of_group || (found.st_mode & S_IWOTH) != 0;
}

// A user who may write to a folder may replace a file in it, unless the folder is sticky (/tmp).
bool may_be_changed_by_others(const struct stat& folder) {
  const bool sticky = (folder.st_mode & S_ISVTX) != 0;
  return !is_trusted(folder.st_uid) || (is_writable_by_others(folder) && !sticky);
}

}  // namespace

std::vector<std::string> access_warnings(const std::string& file, const std::string& label, Holds holds) {
  std::vector<std::string> warnings;
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return warnings;
  const bool is_secret =
      holds == Holds::secrets || (holds == Holds::password && found.st_uid == ::geteuid() && ::geteuid() != 0);
  if (!is_trusted(found.st_uid)) {
    warnings.push_back(fmt::format("{} belongs to another user, {}, who may change it: chown {} {}", label,
                                   user_name(found.st_uid), user_name(::geteuid()), label));
  }
  const bool readable = (found.st_mode & (S_IRGRP | S_IROTH)) != 0;
  const bool writable = (found.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (is_secret && (readable || writable)) {
    warnings.push_back(fmt::format("{} can be {} by others: chmod 600 {}", label,
                                   readable && writable ? "read and written"
                                   : readable           ? "read"
                                                        : "written",
                                   label));
  } else if (!is_secret && is_writable_by_others(found)) {
    warnings.push_back(fmt::format("{} can be written by others: chmod go-w {}", label, label));
  }
  std::error_code failed;
  const fs::path folder = fs::canonical(file, failed).parent_path();
  struct stat of_folder {};
  if (!failed && ::stat(folder.c_str(), &of_folder) == 0 && may_be_changed_by_others(of_folder)) {
    warnings.push_back(fmt::format("{} lies in {}, where others may put another file in its place: {}", label,
                                   folder.string(),
                                   is_trusted(of_folder.st_uid) ? fmt::format("chmod go-w '{}'", folder.string())
                                                                : "move it to a folder of yours"));
  }
  return warnings;
}

}  // namespace walbrook::config
