// Which DuckDB files this process uses, and who may open one of them.
//
// DuckDB keeps other processes away by a POSIX lock, which does not hold inside a process: two databases of one process
// on one file destroy it (1.5.5: crashes, rows of one of them missing). So every use claims the file first. A file is
// known by device and inode, and while it does not exist by its folder's and its name: symbolic and hard links lead to
// the same claim.
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
  UseOwner owner = nullptr;  // nullptr: shares with nobody
  WhenBusy busy = WhenBusy::wait;
};

// The thread for which this one works (CalledFrom), or no thread.
[[nodiscard]] std::thread::id& caller_of_this_thread();

class FileClaim {
 public:
  struct FileId;
  struct Entry;  // a file that is in use

  // Waits for the file. Throws Error(destination): it is still in use, or is used by the very thread that would wait.
  explicit FileClaim(const FileUse& use);
  FileClaim(const FileClaim&) = delete;
  FileClaim& operator=(const FileClaim&) = delete;
  ~FileClaim();

  // The database that the owner's uses have open, else what `open` returns. Throws Error(destination) where that one is
  // broken and others still hold it, or was opened to be read only and this use writes.
  [[nodiscard]] std::shared_ptr<Database> database(const std::function<std::shared_ptr<Database>()>& open);

 private:
  struct Holder {
    std::thread::id thread;
    bool writes;
  };

  // `database`, whose file counts as open until it has been destroyed.
  [[nodiscard]] std::shared_ptr<Database> open_until_destroyed(std::shared_ptr<Database> database);
  void wait_until_closed();

  FileUse use_;
  std::shared_ptr<Entry> entry_;
  std::list<Holder>::iterator holder_;
};

}  // namespace walbrook::destination::duckdb
