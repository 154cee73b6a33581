// Checks that an open DuckDB file is still the file that its name leads to, and still ours alone.
//
// What can go wrong without DuckDB's knowledge (1.5.5), and how it is detected:
//   * the file or its folder is removed, moved or replaced: the path leads to another inode than the descriptor;
//   * its log (FILE.wal) is removed, moved or replaced: the same, for the log's descriptor;
//   * the file is overwritten in place: its header's counter of checkpoints went back, or there is no header;
//   * a handle of this very program on the file was closed, be it a mere ifstream: this drops DuckDB's lock (POSIX
//     locks belong to process and inode). F_OFD_GETLK finds none then. The lock is taken again, unless another process
//     has taken it or has written meanwhile;
//   * such a handle is open: /proc/self/fd has a second descriptor of the inode.
//
// What happens and is undone between two checks is not detected.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/remedy.h"

namespace walbrook::destination::duckdb {

// Throws Error(destination) if this process has a descriptor of the file. Must be called before DuckDB opens it:
// closing either handle would drop the lock of both.
void refuse_foreign_handles(const std::string& path);

// Returns the larger counter of the two headers of a DuckDB file; each is 4 KiB after the one before, the file's main
// header first: checksum, then counter (1.5.5, SingleFileBlockManager). nullopt: there is none. Throws
// std::system_error if it cannot be read.
[[nodiscard]] std::optional<std::uint64_t> checkpoint_counter(int descriptor);

class FileGuard {
 public:
  // REQUIRES: DuckDB has opened `path` for writing, and nobody else in this process has. A check for which the system
  // gives no answer (no /proc) is left out.
  explicit FileGuard(std::string path);

  // Any thread may call both. They throw DestinationLost and, once they have, throw the same one at every later call.
  //
  // Checks that the file and its log are where their names lead to. Takes 1 µs.
  void check_names();
  // Makes the checks of check_names(), and checks that the file is ours alone: throws Error(destination) while a
  // foreign handle is open. A look at /proc takes 150 µs in a process with 25 descriptors; looks are left out as long
  // as they would take over 1 % of the time.
  void check();
  // Returns the header's counter as it is now; 0: not known.
  [[nodiscard]] std::uint64_t file_checkpoints();

 private:
  struct Inode {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const Inode&, const Inode&) = default;
  };
  struct Log {
    int descriptor;
    Inode inode;
  };

  [[nodiscard]] static std::optional<Inode> inode_of(const struct stat& found) {
    return Inode{.device = found.st_dev, .inode = found.st_ino};
  }
  void check_names_locked();
  void check_place();
  void check_log();
  [[nodiscard]] std::optional<std::uint64_t> read_counter() const;
  void check_header();
  void look_at_descriptors();
  void give_log_mode_of_file(int descriptor, mode_t mode) const;
  void check_lock();
  [[noreturn]] void lose(const std::string& what, const Remedy& remedy);

  std::string path_;
  std::string log_path_;                // as DuckDB names it
  std::string log_link_;                // as /proc/self/fd shows it
  int descriptor_ = -1;                 // DuckDB's descriptor of the file; -1: unknown
  Inode inode_;                         // of path_, when it was opened
  bool sees_lock_ = false;              // whether the system shows our lock
  std::optional<Log> log_;              // the log that DuckDB writes, as it was last seen
  std::uint64_t file_checkpoints_ = 0;  // the header's counter when it was last read
  bool header_changed_ = false;         // whether it changed since the lock was last seen

  std::mutex mutex_;  // guards all members
  std::chrono::steady_clock::time_point next_look_;
  std::optional<std::pair<std::string, Remedy>> lost_;  // the cause and the remedy of the DestinationLost
};

}  // namespace walbrook::destination::duckdb
