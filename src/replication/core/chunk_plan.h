// Which chunk of which table a snapshot worker copies next. A chunk is a table, or a range of pages of a large one.
//
// Pure. The workers share a plan: whoever owns it locks it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "postgres/snapshot/snapshot_reader.h"
#include "replication/core/copy_order.h"

namespace walbrook::replication {

struct ChunkLimits {
  int workers = 1;
  std::uint64_t chunk_bytes =
      0;  // a larger table is cut into chunks of about this size, where there are several workers
};

class ChunkPlan {
 public:
  struct Chunk {
    std::size_t table = 0;                     // its place in `tables`
    std::optional<postgres::PageRange> pages;  // nullopt: all of it
  };

  // `tables` are sorted: the largest first, so that the workers end together. `pages_of` is asked of tables that are
  // cut.
  ChunkPlan(std::vector<CopyOrder::Table>& tables, const ChunkLimits& limits,
            const std::function<std::uint64_t(const postgres::SourceTable&)>& pages_of);

  [[nodiscard]] std::size_t chunks() const { return chunks_.size(); }                            // not taken yet
  [[nodiscard]] std::size_t chunks_of(std::size_t table) const { return chunks_of_.at(table); }  // at first

  void worker_joins() { ++workers_; }
  // nullopt: none is left, the worker ends.
  [[nodiscard]] std::optional<Chunk> next();
  // This table is copied again, as a whole, before any other.
  void again(std::size_t table) { chunks_.push_front({.table = table, .pages = std::nullopt}); }
  // The worker ends and leaves its chunk to the others; false: it is the last one, and keeps both.
  [[nodiscard]] bool leave_to_others(const Chunk& chunk);

 private:
  std::deque<Chunk> chunks_;
  std::vector<std::size_t> chunks_of_;  // by table
  int workers_ = 0;                     // that take chunks
};

}  // namespace walbrook::replication
