// The spool in a local file without a name, which ends with the process.
//
// Bytes are gathered in memory and written in chunks: of each key up to 64 kB wait, of all keys together 4 MB. Nothing
// is synced; a chunk that was written is read back by pread, usually from the page cache. Room that a discarded key
// leaves is reused, and given back to the file system at once: by truncating the file where it was at the end, else by
// punching a hole. (A file system that cannot punch holes, such as NFS before 4.2, keeps the room for later chunks.)
//
// A key's bytes are a sequence of frames:  length:u64 first_commit:u64 bytes.  A chunk holds whole frames.
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
  // Creates the file, with mode 600, and removes its name. Throws Error(configuration) where it cannot.
  explicit FileSpool(const FileSpoolOptions& options);

  void put(const SpoolKey& key, Lsn first_commit, std::string_view bytes) override;
  void for_each(const SpoolKey& key, const std::function<void(std::string_view)>& sink) override;
  void discard(const SpoolKey& key) override;
  void discard_transactions() override;
  void discard_from(Lsn first_commit) override;
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }
  [[nodiscard]] std::vector<std::pair<SpoolKey, std::uint64_t>> keys() const override;
  [[nodiscard]] std::uint64_t capacity() const override { return max_bytes_; }

  // What the file takes on disk.
  [[nodiscard]] std::uint64_t bytes_on_disk() const;

 private:
  struct Chunk {
    std::uint64_t offset = 0;  // in the file
    std::uint64_t size = 0;    // with its frames' headers
    std::uint64_t bytes = 0;   // as they were put
    Lsn oldest, newest;        // commits of its first and last frame
  };
  // What waits under one key: its chunks, then the frames that are still in memory.
  struct Queue {
    std::vector<Chunk> chunks;
    std::string tail;
    std::uint64_t bytes = 0;  // as they were put, of all
  };
  using Queues = std::map<SpoolKey, Queue>;

  // What put does; throws NoRoom.
  void add(Queue& queue, Lsn first_commit, std::string_view bytes);
  [[nodiscard]] static Chunk chunk_of(std::string_view frames);
  // Writes the frames that are in memory as a chunk.
  void write_tail(Queue& queue);
  // The same of all keys, in one write: with many tables that change a little each, a chunk would take a write and a
  // look at all of them for a few hundred bytes.
  void write_tails();
  // Writes a chunk that consists of these two.
  void write_chunk(Queue& queue, std::string_view header, std::string_view bytes, Chunk chunk);
  // Writes both, one behind the other, and returns where.
  [[nodiscard]] std::uint64_t write_somewhere(std::string_view header, std::string_view bytes);
  void write(std::uint64_t offset, std::string_view bytes) const;
  [[nodiscard]] std::string_view read(const Chunk& chunk);
  [[nodiscard]] std::uint64_t take_room(std::uint64_t size);
  void free_room(std::uint64_t offset, std::uint64_t size);
  // Of the room that was freed since: truncates the file, punches holes.
  void give_back();
  Queues::iterator drop(Queues::iterator at);
  // Drops the frames of `first_commit` and later ones.
  void cut(Queue& queue, Lsn first_commit);

  std::string folder_;
  Descriptor file_;
  std::uint64_t max_bytes_;
  Queues queues_;
  std::uint64_t bytes_ = 0;       // as they were put, of all keys
  std::uint64_t tail_bytes_ = 0;  // of all tails, with their headers
  Lsn newest_commit_;             // at least that of everything that was put of tables
  // Room between chunks, by its offset: neighbours are one. It never reaches the end of the file.
  std::map<std::uint64_t, std::uint64_t> free_;
  std::map<std::uint64_t, std::uint64_t> freed_;  // of free_, what may still take room on disk
  std::uint64_t end_ = 0;                         // of the last chunk
  bool punches_ = true;                           // the file system was not seen to refuse it
  std::string buffer_;                            // of the chunk that is read
};

}  // namespace walbrook::replication
