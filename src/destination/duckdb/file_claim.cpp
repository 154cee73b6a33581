#include "destination/duckdb/file_claim.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "destination/duckdb/file_place.h"

namespace walbrook::destination::duckdb {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds longest_wait{30};
// Nothing announces that the file was created or moved, so its identity is determined again at this interval.
constexpr std::chrono::milliseconds look_again{250};

}  // namespace

struct FileClaim::FileId {
  struct Inode {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const Inode&, const Inode&) = default;
  };

  explicit FileId(const std::string& path) : file(inode_of(path)) {
    const fs::path place = behind_links(path);
    folder = inode_of(place.parent_path());
    name = place.filename().string();
  }
  [[nodiscard]] bool is_same_file(const FileId& other) const {
    return (file && file == other.file) || (folder && folder == other.folder && name == other.name);
  }

  static std::optional<Inode> inode_of(const fs::path& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return Inode{.device = found.st_dev, .inode = found.st_ino};
  }

  std::optional<Inode> file, folder;
  std::string name;
};

struct FileClaim::Entry {
  explicit Entry(FileId of) : id(std::move(of)) {}

  // Guarded by the registry's mutex.
  FileId id;
  UseOwner owner;  // the owner of all holders
  std::list<Holder> holders;

  std::mutex opening;  // guards `database`; held while the database is opened
  std::weak_ptr<Database> database;

  // The last user is gone before the file is closed: the next one that opens it must wait for that.
  std::mutex closing;  // guards `is_open`; taken after `opening`
  std::condition_variable closed;
  bool is_open = false;
};

namespace {

// The files that this process uses.
struct FileRegistry {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<FileClaim::Entry>> entries;  // each has a holder
};

FileRegistry& registry() {
  static auto* const kept = new FileRegistry;  // pipelines of static storage may outlive what is destroyed at exit
  return *kept;
}

[[noreturn]] void refuse_nested(const std::string& path) {
  throw Error(
      ErrorKind::destination, fmt::format("{} is in use by the call that requests it", file_label(path)),
      "Waiting would never end. Let that run end first, and release every stream of query() that another pipeline "
      "has handed out.");
}

[[noreturn]] void refuse_busy(const FileUse& use) {
  throw Error(ErrorKind::destination,
              fmt::format("{} is in use by another pipeline of this program{}", file_label(use.path),
                          use.busy == WhenBusy::wait ? fmt::format(", for {} s already", longest_wait.count()) : ""),
              "A DuckDB file has one writer at a time: run pipelines on one file one after the other, and release the "
              "streams of query().");
}

}  // namespace

std::thread::id& caller_of_this_thread() {
  static thread_local std::thread::id caller;
  return caller;
}

std::shared_ptr<Database> FileClaim::open_until_destroyed(std::shared_ptr<Database> database) {
  {
    const std::scoped_lock lock(entry_->closing);
    entry_->is_open = true;
  }
  auto* const opened = database.get();
  return {opened, [entry = entry_, database = std::move(database)](Database* /*destroyed*/) mutable {
            database.reset();
            const auto closed = std::move(entry);  // which refers to the block that this deleter lies in
            {
              const std::scoped_lock lock(closed->closing);
              closed->is_open = false;
            }
            closed->closed.notify_all();
          }};
}

void FileClaim::wait_until_closed() {
  std::unique_lock lock(entry_->closing);
  entry_->closed.wait(lock, [this] { return !entry_->is_open; });
}

FileClaim::FileClaim(const FileUse& use) : use_(use) {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + longest_wait;
  const auto is_in_the_way = [&](const Entry& entry, const Holder& holder) {
    const bool shares = use.owner != nullptr && entry.owner == use.owner;
    return !shares || (use.writes && holder.writes);
  };
  const auto waits_for_us = [](const Holder& holder) {
    return holder.thread == std::this_thread::get_id() || holder.thread == caller_of_this_thread();
  };
  auto& files = registry();
  std::unique_lock lock(files.mutex);
  while (true) {
    const FileId id(use.path);
    bool free = true;
    entry_.reset();
    for (const auto& entry : files.entries) {
      if (!entry->id.is_same_file(id)) continue;
      for (const auto& holder : entry->holders) {
        if (!is_in_the_way(*entry, holder)) continue;
        if (waits_for_us(holder)) refuse_nested(use.path);
        free = false;
      }
      if (entry_ == nullptr) entry_ = entry;
    }
    if (free) {
      if (entry_ == nullptr) entry_ = files.entries.emplace_back(std::make_shared<Entry>(id));
      entry_->owner = use.owner;
      holder_ = entry_->holders.insert(entry_->holders.end(), {std::this_thread::get_id(), use.writes});
      return;
    }
    if (use.busy == WhenBusy::error || steady_clock::now() >= deadline) refuse_busy(use);
    files.changed.wait_until(lock, std::min(deadline, steady_clock::now() + look_again));
  }
}

FileClaim::~FileClaim() {
  auto& files = registry();
  {
    const std::scoped_lock lock(files.mutex);
    entry_->holders.erase(holder_);
    if (entry_->holders.empty()) std::erase(files.entries, entry_);
  }
  files.changed.notify_all();
}

std::shared_ptr<Database> FileClaim::database(const std::function<std::shared_ptr<Database>()>& open) {
  const std::scoped_lock opening(entry_->opening);
  auto database = entry_->database.lock();
  if (database == nullptr) {
    wait_until_closed();
    database = open_until_destroyed(open());
    entry_->database = database;
    const std::scoped_lock lock(registry().mutex);
    entry_->id = FileId(use_.path);  // it exists now
    return database;
  }
  if (database->is_broken()) {
    throw Error(ErrorKind::destination,
                database->label() + " must be opened again after a failure, and a copy still holds it",
                "walbrook tries again by itself.");
  }
  if (use_.writes && database->is_read_only()) {
    throw Error(ErrorKind::destination,
                database->label() + " cannot be written: a stream of query() has it open to be read only",
                "Release that stream first.");
  }
  return database;
}

}  // namespace walbrook::destination::duckdb
