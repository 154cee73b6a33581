// Tracks which DuckDB files this process uses, and decides who may open one of them.
//
// DuckDB keeps other processes away by a POSIX lock, which has no effect within a process: two databases of one process
// on one file destroy it (1.5.5: crashes, rows of one of them missing). So every use claims the file first. A file is
// identified by device and inode and, while it does not exist, by its folder's device and inode and its name: symbolic
// and hard links lead to the same claim.
//
// Uses of one owner share one Database; at most one of them writes. All others wait for their turn.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "destination/duckdb/connection.h"
#include "destination/open_destination.h"

namespace walbrook::destination::duckdb {

struct FileUse {
  std::string path;  // absolute
  bool writes = true;
  UseOwner owner = nullptr;  // nullptr: shares with no other use
  WhenBusy busy = WhenBusy::wait;
};

// Returns the thread on whose behalf this one works (CalledFrom), or no thread.
[[nodiscard]] std::thread::id& caller_of_this_thread();

class FileClaim {
 public:
  struct FileId;
  struct Entry;  // a file that is in use

  // Claims the file, and waits for it if need be. Throws Error(destination) if it stays in use, or if the thread that
  // would wait is the one that uses it.
  explicit FileClaim(const FileUse& use);
  FileClaim(const FileClaim&) = delete;
  FileClaim& operator=(const FileClaim&) = delete;
  ~FileClaim();

  // Returns the database that the owner's uses have open, or else what `open` returns. Throws Error(destination) if the
  // open one is broken and still held by others, or was opened read-only and this use writes.
  [[nodiscard]] std::shared_ptr<Database> database(const std::function<std::shared_ptr<Database>()>& open);

 private:
  struct Holder {
    std::thread::id thread;
    bool writes;
  };

  // Returns `database`, and counts its file as open until it has been destroyed.
  [[nodiscard]] std::shared_ptr<Database> open_until_destroyed(std::shared_ptr<Database> database);
  void wait_until_closed();

  FileUse use_;
  std::shared_ptr<Entry> entry_;
  std::list<Holder>::iterator holder_;
};

}  // namespace walbrook::destination::duckdb
