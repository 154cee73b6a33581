#include "destination/duckdb/file_guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "destination/destination.h"
#include "destination/duckdb/file_place.h"

namespace walbrook::destination::duckdb {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr const char* descriptors_folder = "/proc/self/fd";
constexpr int share_of_looks = 100;  // looks at /proc take at most one part of the time in this many

Remedy put_it_back() {
  return remedy(
      "Nothing that came later was confirmed to the source. Put the file back with its log (NAME.wal) and start again. "
      "If it is lost, {} copies the tables again.",
      RemedyAction::reset);
}

// CPU time of this thread, so that an overloaded machine does not make looks rarer.
std::chrono::nanoseconds thread_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Returns false if the system does not list them; errno tells whether for now (EMFILE, ENFILE, ENOMEM) or for good.
bool for_each_descriptor(const std::function<void(int)>& visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(descriptors_folder), ::closedir);
  if (folder == nullptr) return false;
  while (const auto* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    int descriptor = -1;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), descriptor);
    if (failed == std::errc() && end == name.data() + name.size()) visit(descriptor);
  }
  return true;
}

// Whether the cause is the process's surroundings and not the file, so that the check can be repeated.
bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR || error == EAGAIN;
}

[[noreturn]] void cannot_look(const std::string& path, int error) {
  throw Error(
      ErrorKind::destination,
      fmt::format("it cannot be determined whether the destination {} is where it was: {}", path, ::strerror(error)),
      "Nothing is written in the meantime. Fix it; walbrook tries again by itself.");
}

std::string link_of(int descriptor) {
  std::error_code failed;
  return fs::read_symlink(fmt::format("{}/{}", descriptors_folder, descriptor), failed).string();
}

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// Returns whether this process holds a POSIX lock on the file of `descriptor`. Such locks do not conflict within a
// process, so the question is asked in the name of the open file description, which is another owner. (/proc/locks
// would answer as well, but a reader of it sleeps for milliseconds, and it shows other inodes on overlay file systems.)
// nullopt: the system gives no answer.
std::optional<bool> holds_lock(int descriptor) {
  auto asked = whole_file();
  if (::fcntl(descriptor, F_OFD_GETLK, &asked) != 0) return std::nullopt;
  return asked.l_type != F_UNLCK && asked.l_pid == ::getpid();
}

}  // namespace

std::optional<std::uint64_t> checkpoint_counter(int descriptor) {
  constexpr std::array<off_t, 2> headers = {4096, 8192};
  std::uint64_t newest = 0;
  for (const auto at : headers) {
    std::uint64_t counter = 0;
    ssize_t got = 0;
    do {
      got = ::pread(descriptor, &counter, sizeof counter, at + 8);
    } while (got < 0 && errno == EINTR);
    if (got < 0) throw std::system_error(errno, std::generic_category());
    if (got != sizeof counter) return std::nullopt;
    newest = std::max(newest, counter);
  }
  return newest;
}

void refuse_foreign_handles(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return;
  const bool is_known = for_each_descriptor([&](int descriptor) {
    struct stat found {};
    if (::fstat(descriptor, &found) != 0 || found.st_dev != file.st_dev || found.st_ino != file.st_ino) return;
    throw Error(ErrorKind::destination,
                fmt::format("the destination {} is open in this program already (descriptor {})", path, descriptor),
                "Close that handle first: two handles of one program destroy a DuckDB file, and closing one drops the "
                "other's lock. To read while a pipeline is at work, use Pipeline::query.");
  });
  if (!is_known && is_shortage(errno)) cannot_look(path, errno);
}

FileGuard::FileGuard(std::string path) : path_(std::move(path)), log_path_(behind_links(path_) + ".wal") {
  std::error_code failed;
  const fs::path place = behind_links(path_);
  log_link_ = (fs::canonical(place.parent_path(), failed) / place.filename()).string() + ".wal";
  struct stat file {};
  if (::stat(path_.c_str(), &file) != 0) return;
  inode_ = *inode_of(file);
  const bool is_known = for_each_descriptor([&](int descriptor) {
    struct stat found {};
    if (::fstat(descriptor, &found) == 0 && inode_of(found) == inode_) descriptor_ = descriptor;
  });
  if (!is_known && is_shortage(errno)) cannot_look(path_, errno);
  if (descriptor_ < 0) return;
  file_checkpoints_ = read_counter().value_or(0);
  sees_lock_ = holds_lock(descriptor_).value_or(false);
  if (!sees_lock_) spdlog::debug("the system does not show the lock on {}: it is not checked", path_);
}

std::uint64_t FileGuard::file_checkpoints() {
  const std::scoped_lock lock(mutex_);
  return descriptor_ < 0 ? 0 : read_counter().value_or(0);
}

std::optional<std::uint64_t> FileGuard::read_counter() const {
  try {
    return checkpoint_counter(descriptor_);
  } catch (const std::system_error& unread) {
    cannot_look(path_, unread.code().value());
  }
}

void FileGuard::check_names() {
  const std::scoped_lock lock(mutex_);
  check_names_locked();
}

void FileGuard::check_names_locked() {
  if (lost_) throw DestinationLost(lost_->first, lost_->second);
  if (inode_ == Inode{}) return;
  check_place();
  if (descriptor_ < 0) return;
  check_log();
  check_header();
}

void FileGuard::check() {
  const std::scoped_lock lock(mutex_);
  check_names_locked();
  if (descriptor_ < 0) return;
  if (steady_clock::now() < next_look_) return;
  const auto began = thread_time();
  look_at_descriptors();
  check_lock();
  next_look_ = steady_clock::now() + (thread_time() - began) * share_of_looks;
}

void FileGuard::lose(const std::string& what, const Remedy& remedy) {
  lost_.emplace(fmt::format("the destination {} {}", path_, what), remedy);
  throw DestinationLost(lost_->first, lost_->second);
}

void FileGuard::check_place() {
  struct stat named {};
  const bool is_named = ::stat(path_.c_str(), &named) == 0;
  if (is_named && inode_of(named) == inode_) return;
  // A folder that may not be entered for now, or a network file system that does not answer: the file may still exist.
  if (!is_named && errno != ENOENT && errno != ENOTDIR) cannot_look(path_, errno);
  struct stat held {};
  const bool has_name = ::fstat(descriptor_, &held) == 0 && held.st_nlink > 0;
  const auto where = has_name ? " (it is now " + link_of(descriptor_) + ")" : std::string();
  if (is_named) lose("was replaced by another file while it was written" + where, put_it_back());
  lose((has_name ? "was moved while it was written" : "was removed while it was written") + where, put_it_back());
}

void FileGuard::check_log() {
  if (!log_) return;
  // A checkpoint of another thread removes the log, too, and then closes it: only a log that stays open without its
  // name was removed by somebody else.
  constexpr int most_tries = 10;
  constexpr std::chrono::milliseconds between{20};
  for (int tried = 0; tried < most_tries; ++tried) {
    if (tried > 0) std::this_thread::sleep_for(between);
    struct stat held {};
    struct stat named {};
    if (::fstat(log_->descriptor, &held) != 0 || inode_of(held) != log_->inode) {
      log_.reset();
      return;
    }
    const bool is_named = ::stat(log_path_.c_str(), &named) == 0;
    if (is_named && inode_of(named) == log_->inode) return;
    if (!is_named && errno != ENOENT && errno != ENOTDIR) cannot_look(log_path_, errno);
  }
  lose("has lost its log: " + log_path_ + " was removed, moved or replaced while it was written", put_it_back());
}

void FileGuard::check_header() {
  const auto counter = read_counter();
  if (!counter || *counter < file_checkpoints_) lose("was overwritten while it was written", put_it_back());
  if (*counter != file_checkpoints_) header_changed_ = true;
  file_checkpoints_ = *counter;
}

void FileGuard::look_at_descriptors() {
  int foreign = -1;
  for_each_descriptor([&](int descriptor) {
    struct stat found {};
    if (descriptor == descriptor_ || ::fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode)) return;
    if (inode_of(found) == inode_) {
      foreign = descriptor;
    } else if (found.st_dev == inode_.device && !(log_ && log_->inode == inode_of(found))) {
      auto link = link_of(descriptor);
      if (constexpr std::string_view gone = " (deleted)"; link.ends_with(gone)) link.resize(link.size() - gone.size());
      if (link != log_link_) return;
      log_ = {descriptor, *inode_of(found)};
      give_log_mode_of_file(descriptor, found.st_mode);
    }
  });
  if (foreign >= 0) {
    throw Error(
        ErrorKind::destination,
        fmt::format("the destination {} was opened by another handle of this program (descriptor {})", path_, foreign),
        "Close it: nothing is written while it is open. To read meanwhile, use Pipeline::query.");
  }
}

// Everyone who may read the file may read its log too, since otherwise they miss the newest commits; nobody else may.
// (The log is created again after each checkpoint, as the umask allows.)
void FileGuard::give_log_mode_of_file(int descriptor, mode_t mode) const {
  struct stat file {};
  constexpr mode_t access = 0666;
  if (::fstat(descriptor_, &file) != 0 || (file.st_mode & access) == (mode & access)) return;
  static_cast<void>(::fchmod(descriptor, file.st_mode & access));  // may fail for another owner's log
}

void FileGuard::check_lock() {
  if (!sees_lock_) return;
  const auto is_ours = holds_lock(descriptor_);
  if (!is_ours) return;  // not known for now: the next look finds out
  if (*is_ours) {
    header_changed_ = false;
    return;
  }
  auto whole = whole_file();
  const bool is_ours_again = ::fcntl(descriptor_, F_SETLK, &whole) == 0;
  if (!is_ours_again && errno != EACCES && errno != EAGAIN) cannot_look(path_, errno);  // such as no room for a lock
  if (!is_ours_again || header_changed_) {
    lose(is_ours_again ? "lost its lock, and was written by another process then"
                       : "lost its lock, and another process has it now",
         "A handle of this program on the file was closed, which drops the lock. Nothing that came later was confirmed "
         "to the source: let no handle but the pipeline's touch the file, and start again.");
  }
  spdlog::warn(
      "the destination {} had lost its lock: another handle of this program on the file was closed, which drops it; it "
      "was taken again",
      path_);
}

}  // namespace walbrook::destination::duckdb
