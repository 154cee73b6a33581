// The spool as a local file without a name, which ceases to exist with the process.
//
// Bytes are gathered in memory and written in chunks: at most 64 kB of one key wait, and 4 MB of all keys together.
// Nothing is synced; a chunk is read back with pread, usually from the page cache. The room of a discarded key is
// reused, and given back to the file system at once: by truncating the file if it was at the end, otherwise by punching
// a hole. (A file system that cannot punch holes, such as NFS before 4.2, keeps the room for later chunks.)
//
// The bytes of a key are a sequence of frames:  length:u64 first_commit:u64 bytes.  A chunk holds whole frames.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "replication/core/spool.h"

namespace walbrook::replication {

struct FileSpoolOptions {
  std::string folder;           // where the file is created; must exist
  std::uint64_t max_bytes = 0;  // 0 = half of what is free in that file system now
};

class FileSpool final : public Spool {
 public:
  // Creates the file with mode 600 and removes its name. Throws Error(configuration) if it cannot.
  explicit FileSpool(const FileSpoolOptions& options);

  void put(const SpoolKey& key, Lsn first_commit, std::string_view bytes) override;
  void for_each(const SpoolKey& key, const std::function<void(std::string_view)>& sink) override;
  void discard(const SpoolKey& key) override;
  void discard_transactions() override;
  void discard_from(Lsn first_commit) override;
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }
  [[nodiscard]] std::vector<std::pair<SpoolKey, std::uint64_t>> keys() const override;
  [[nodiscard]] std::uint64_t capacity() const override { return max_bytes_; }

  // Bytes that the file occupies on disk.
  [[nodiscard]] std::uint64_t bytes_on_disk() const;

 private:
  struct Chunk {
    std::uint64_t offset = 0;  // in the file
    std::uint64_t size = 0;    // with the headers of its frames
    std::uint64_t bytes = 0;   // without headers, as they were put
    Lsn oldest, newest;        // commits of its first and last frame
  };
  // What waits under one key: its chunks, followed by the frames that are still in memory.
  struct Queue {
    std::vector<Chunk> chunks;
    std::string tail;
    std::uint64_t bytes = 0;  // without headers, of all chunks and the tail
  };
  using Queues = std::map<SpoolKey, Queue>;

  // Adds a frame; throws NoRoom.
  void add(Queue& queue, Lsn first_commit, std::string_view bytes);
  [[nodiscard]] static Chunk chunk_of(std::string_view frames);
  // Writes a key's tail as a chunk.
  void write_tail(Queue& queue);
  // Writes the tails of all keys in one write. With many tables that change a little each, writing them one by one
  // would cost a write, and a look at all of them, for a few hundred bytes.
  void write_tails();
  // Writes a chunk that consists of `header` and `bytes`.
  void write_chunk(Queue& queue, std::string_view header, std::string_view bytes, Chunk chunk);
  // Writes both, one after the other, and returns their offset.
  [[nodiscard]] std::uint64_t write_somewhere(std::string_view header, std::string_view bytes);
  void write(std::uint64_t offset, std::string_view bytes) const;
  [[nodiscard]] std::string_view read(const Chunk& chunk);
  [[nodiscard]] std::uint64_t take_room(std::uint64_t size);
  void free_room(std::uint64_t offset, std::uint64_t size);
  // Gives the room that was freed back to the file system: truncates the file and punches holes.
  void give_back();
  Queues::iterator drop(Queues::iterator at);
  // Drops the frames whose commit is `first_commit` or later.
  void cut(Queue& queue, Lsn first_commit);

  std::string folder_;
  Descriptor file_;
  std::uint64_t max_bytes_;
  Queues queues_;
  std::uint64_t bytes_ = 0;       // without headers, of all keys
  std::uint64_t tail_bytes_ = 0;  // of all tails, with headers
  Lsn newest_commit_;             // at least the newest commit that was put for an output
  // Free ranges between chunks, offset → size. Neighboring ranges are merged, and none reaches the end of the file.
  std::map<std::uint64_t, std::uint64_t> free_;
  std::map<std::uint64_t, std::uint64_t> freed_;  // parts of free_ that may still occupy disk space
  std::uint64_t end_ = 0;                         // end of the last chunk
  bool punches_ = true;                           // the file system has not refused to punch holes
  std::string buffer_;                            // the chunk that is being read
};

}  // namespace walbrook::replication
