#include "replication/core/chunk_plan.h"

#include <algorithm>

namespace walbrook::replication {
namespace {

std::uint64_t bytes_of(const CopyOrder::Table& table) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(table.source.bytes, 0));
}

bool is_cut(const CopyOrder::Table& table, const ChunkLimits& limits) {
  return limits.workers > 1 && !table.source.partitioned && bytes_of(table) > limits.chunk_bytes;
}

}  // namespace

ChunkPlan::ChunkPlan(std::vector<CopyOrder::Table>& tables, const ChunkLimits& limits,
                     const std::function<std::uint64_t(const postgres::SourceTable&)>& pages_of) {
  std::ranges::stable_sort(tables, std::ranges::greater(), [](const auto& table) { return table.source.bytes; });
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!is_cut(tables[i], limits)) {
      chunks_.push_back({.table = i, .pages = std::nullopt});
      chunks_of_.push_back(1);
      continue;
    }
    const auto pages = pages_of(tables[i].source);
    const auto count = std::clamp<std::uint64_t>(bytes_of(tables[i]) / limits.chunk_bytes, 1, std::max(pages, 1UL));
    chunks_of_.push_back(count);
    for (std::uint64_t c = 0; c < count; ++c) {
      // The last chunk has no end: pages that were added since are not in the snapshot, and every page that is in it is
      // read.
      const auto end = c + 1 < count ? std::optional(pages * (c + 1) / count) : std::nullopt;
      chunks_.push_back({.table = i, .pages = postgres::PageRange{.first = pages * c / count, .end = end}});
    }
  }
}

std::optional<ChunkPlan::Chunk> ChunkPlan::next() {
  if (chunks_.empty()) {
    --workers_;
    return std::nullopt;
  }
  const Chunk chunk = chunks_.front();
  chunks_.pop_front();
  return chunk;
}

bool ChunkPlan::leave_to_others(const Chunk& chunk) {
  if (workers_ <= 1) return false;
  --workers_;
  chunks_.push_front(chunk);
  return true;
}

}  // namespace walbrook::replication
