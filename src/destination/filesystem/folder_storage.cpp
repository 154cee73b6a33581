#include "destination/filesystem/folder_storage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/descriptor.h"
#include "base/error.h"

namespace walbrook::destination::filesystem {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(ErrorKind kind, const std::string& path, std::string_view doing, int reason) {
  throw Error(
      kind, fmt::format("{} could not be {}: {}", path, doing, std::strerror(reason)),
      reason == ENOSPC || reason == EDQUOT ? "Free disk space there. Nothing was changed, and nothing is lost." : "");
}

// Syncs a file or a folder.
void sync_path(const std::string& path, ErrorKind kind) {
  const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) fail(kind, path, "synced", errno);
}

void write_all(const std::string& path, std::string_view text) {
  constexpr mode_t owner_only = 0600;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, owner_only));
  if (file.get() < 0) fail(ErrorKind::destination, path, "created", errno);
  while (!text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(ErrorKind::destination, path, "written", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) fail(ErrorKind::destination, path, "synced", errno);
}

std::string folder_of(const std::string& path) {
  return fs::path(path).parent_path().string();
}

}  // namespace

// A new folder is synced with its first file, and so is the name of each folder above it that is new.
void FolderStorage::create_folder_of(const std::string& name) {
  const auto folder = fs::path(path_of(name)).parent_path();
  std::error_code failed;
  std::vector<std::string> holders;
  for (auto at = folder; !fs::is_directory(at, failed) && at.has_relative_path(); at = at.parent_path()) {
    holders.push_back(at.parent_path().string());
  }
  if (holders.empty()) return;
  fs::create_directories(folder, failed);
  if (failed) fail(ErrorKind::destination, folder.string(), "created", failed.value());
  const std::scoped_lock lock(mutex_);
  unsynced_.insert(holders.begin(), holders.end());
}

std::string FolderStorage::begin_file(const std::string& name) {
  create_folder_of(name);
  return path_of(name) + std::string(unfinished_suffix);
}

std::uint64_t FolderStorage::finish_file(const std::string& name) {
  const auto path = path_of(name);
  const auto unfinished = path + std::string(unfinished_suffix);
  sync_path(unfinished, ErrorKind::destination);
  if (::rename(unfinished.c_str(), path.c_str()) != 0) fail(ErrorKind::destination, path, "named", errno);
  const std::scoped_lock lock(mutex_);
  unsynced_.insert(folder_of(path));
  std::error_code failed;
  const auto bytes = fs::file_size(path, failed);
  return failed ? 0 : bytes;
}

void FolderStorage::sync() {
  const std::scoped_lock lock(mutex_);
  for (const auto& folder : unsynced_) sync_path(folder, ErrorKind::destination);
  unsynced_.clear();
}

void FolderStorage::put(const std::string& name, std::string_view text) {
  create_folder_of(name);
  const auto path = path_of(name);
  const auto unfinished = path + std::string(unfinished_suffix);
  write_all(unfinished, text);
  sync();
  if (::rename(unfinished.c_str(), path.c_str()) != 0) fail(ErrorKind::destination, path, "replaced", errno);
  sync_path(folder_of(path), ErrorKind::in_doubt);
}

std::optional<std::string> FolderStorage::get(const std::string& name) {
  const auto path = path_of(name);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail(ErrorKind::destination, path, "opened", errno);
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) fail(ErrorKind::destination, path, "read", EIO);
  return std::move(text).str();
}

bool FolderStorage::has(const std::string& name) {
  const auto path = path_of(name);
  std::error_code failed;
  const bool exists = fs::is_regular_file(path, failed);
  if (!failed || failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory) return exists;
  fail(ErrorKind::destination, path, "looked for", failed.value());
}

std::vector<StoredFile> FolderStorage::list(const std::string& folder) {
  std::vector<StoredFile> files;
  std::error_code failed;
  const auto root = fs::path(path_of(folder));
  for (auto at = fs::recursive_directory_iterator(root, failed); !failed && at != fs::recursive_directory_iterator();
       at.increment(failed)) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored)) continue;
    files.push_back({.name = at->path().lexically_relative(root_).string(), .bytes = at->file_size(ignored)});
  }
  if (failed && failed != std::errc::no_such_file_or_directory && failed != std::errc::not_a_directory) {
    fail(ErrorKind::destination, root.string(), "listed", failed.value());
  }
  return files;
}

void FolderStorage::remove(const std::string& name) noexcept {
  std::error_code ignored;
  fs::remove(path_of(name), ignored);
}

}  // namespace walbrook::destination::filesystem
