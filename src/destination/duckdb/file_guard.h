// Whether an open DuckDB file is still the file that its name leads to, and still ours alone.
//
// What can go wrong behind DuckDB's back (1.5.5), and how it is seen:
//   * the file or its folder is removed, moved or replaced: the path leads to another inode than the descriptor;
//   * its log (FILE.wal) is: likewise, for the log's descriptor;
//   * the file is overwritten in place: its header's counter of checkpoints went back, or there is no header;
//   * a handle of this very program on the file was closed, be it a mere ifstream: this drops DuckDB's lock (POSIX
//     locks belong to process and inode). F_OFD_GETLK finds none then. It is taken again, unless another process has
//     used the gap;
//   * such a handle is open: a second descriptor of the inode in /proc/self/fd.
//
// What happens between two looks stays unseen.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace walbrook::destination::duckdb {

// Throws Error(destination) where this process has a descriptor of the file. Before DuckDB opens it: closing either
// handle would drop the lock of both.
void refuse_foreign_handles(const std::string& path);

// The larger counter of the two headers of a DuckDB file; each is 4 KiB after the one before, the file's own header
// first: checksum, then counter (1.5.5, SingleFileBlockManager). nullopt: there is none. Throws std::system_error where
// it cannot be read.
[[nodiscard]] std::optional<std::uint64_t> checkpoint_counter(int descriptor);

class FileGuard {
 public:
  // REQUIRES: DuckDB has opened `path` for writing, and nobody else in this process has. Where the system does not tell
  // what is asked (no /proc), that check is left out.
  explicit FileGuard(std::string path);

  // Both from any thread. Throw DestinationLost, the same forever once it was.
  //
  // Whether the file and its log are where their names lead to. Takes 1 µs.
  void check_names();
  // The same, and whether it is ours alone: throws Error(destination) while a foreign handle is open. A look at /proc
  // takes 150 µs where the process has 25 descriptors, and is left out while looks would take over 1 % of the time.
  void check();
  // The header's counter as it is now; 0: not known.
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
  int descriptor_ = -1;                 // DuckDB's; -1: unknown
  Inode inode_;                         //
  bool sees_lock_ = false;              // the system shows our lock
  std::optional<Log> log_;              // the one that DuckDB writes, when it was last seen
  std::uint64_t file_checkpoints_ = 0;  // the header's counter
  bool header_changed_ = false;         // since the lock was last seen

  std::mutex mutex_;  // guards all
  std::chrono::steady_clock::time_point next_look_;
  std::optional<std::pair<std::string, Remedy>> lost_;  // the cause and what to do
};

}  // namespace walbrook::destination::duckdb
