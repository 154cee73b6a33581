// The rows of one row operation, and what destinations with SQL check of them before they change the target table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "destination/target.h"
#include "model/row_batch.h"
#include "output/row_operations.h"

namespace walbrook::destination {

struct SelectedRows {
  std::span<const RowRef> rows;
  std::span<const RowRef> origins = {};        // one per row if the row's place in the target is sought by another row
  std::span<const std::uint32_t> counts = {};  // one per row if equal rows are counted
};

// The rows of patches or removals, apart from what belongs to each of them.
struct PatchedRows {
  explicit PatchedRows(std::span<const Patch> patches);
  std::vector<RowRef> rows, origins;
};
struct RemovedRows {
  explicit RemovedRows(std::span<const Removal> removals);
  std::vector<RowRef> rows;
  std::vector<std::uint32_t> counts;
};

// Both are about the values of one column in these rows.
[[nodiscard]] bool any_null(std::span<const RowRef> rows, std::size_t column);
[[nodiscard]] bool any_overflow(std::span<const RowRef> rows, std::size_t column);

// Throws Error(internal) for an overflowing value without an overflow column: it would be lost without a message.
void check_overflow(const Target& target, const TableSchema& schema, std::span<const RowRef> rows);
// Returns the target's column for the schema's. Throws TargetRefused if somebody removed it.
[[nodiscard]] const TargetColumn& place_of(const Target& target, const TableSchema& schema, std::size_t column);
// Throws Error(data) unless each of `patched` rows was completed from exactly one row of the target.
void check_completed(const TableSchema& schema, std::size_t patched, std::uint64_t completed);

}  // namespace walbrook::destination
