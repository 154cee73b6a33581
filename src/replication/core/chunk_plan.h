// The order in which snapshot workers copy chunks. A chunk is a table, or a range of pages of a large table.
//
// Pure. The workers share one plan; its owner locks it.
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
  // A larger table is cut into chunks of about this size if there are several workers.
  std::uint64_t chunk_bytes = 0;
};

class ChunkPlan {
 public:
  struct Chunk {
    std::size_t table = 0;                     // index into `tables`
    std::optional<postgres::PageRange> pages;  // nullopt: the whole table
  };

  // Sorts `tables`, the largest first, so that the workers end at about the same time. `pages_of` is called for the
  // tables that are cut.
  ChunkPlan(std::vector<CopyOrder::Table>& tables, const ChunkLimits& limits,
            const std::function<std::uint64_t(const postgres::SourceTable&)>& pages_of);

  [[nodiscard]] std::size_t chunks() const { return chunks_.size(); }                            // not taken yet
  [[nodiscard]] std::size_t chunks_of(std::size_t table) const { return chunks_of_.at(table); }  // as planned

  void worker_joins() { ++workers_; }
  // The worker's next chunk; nullopt: none is left, and the worker no longer counts.
  [[nodiscard]] std::optional<Chunk> next();
  // Puts the table in front again, as one chunk.
  void again(std::size_t table) { chunks_.push_front({.table = table, .pages = std::nullopt}); }
  // Puts the worker's chunk back, and the worker no longer counts. Returns false if it is the last worker: it stays,
  // and keeps the chunk.
  [[nodiscard]] bool leave_to_others(const Chunk& chunk);

 private:
  std::deque<Chunk> chunks_;
  std::vector<std::size_t> chunks_of_;  // chunks of each table, as planned
  int workers_ = 0;                     // workers that take chunks
};

}  // namespace walbrook::replication
