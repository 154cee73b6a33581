#include "destination/selected_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "destination/transaction.h"

namespace walbrook::destination {

PatchedRows::PatchedRows(std::span<const Patch> patches) {
  for (const auto& patch : patches) {
    rows.push_back(patch.row);
    origins.push_back(patch.origin);
  }
}

RemovedRows::RemovedRows(std::span<const Removal> removals) {
  for (const auto& removal : removals) {
    rows.push_back(removal.row);
    counts.push_back(removal.count);
  }
}

bool any_null(std::span<const RowRef> rows, std::size_t column) {
  return std::ranges::any_of(rows, [column](const RowRef& row) {
    const auto& values = row.batch->columns[column];
    return values.null_count() > 0 && values.is_null(row.row);
  });
}

bool any_overflow(std::span<const RowRef> rows, std::size_t column) {
  return std::ranges::any_of(
      rows, [column](const RowRef& row) { return row.batch->columns[column].overflow_at(row.row) != nullptr; });
}

void check_overflow(const Target& target, const TableSchema& schema, std::span<const RowRef> rows) {
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    const auto& name = schema.columns[c].name;
    if (target.overflow_of(name) != nullptr || !any_overflow(rows, c)) continue;
    throw Error(ErrorKind::internal,
                fmt::format("column \"{}\" of {} has no overflow column yet", name, schema.full_name()));
  }
}

const TargetColumn& place_of(const Target& target, const TableSchema& schema, std::size_t column) {
  const auto& name = schema.columns[column].name;
  if (const auto* found = target.column_of(name)) return *found;
  throw TargetRefused(fmt::format("column \"{}\" of {} is missing in the destination's {}.{}", name, schema.full_name(),
                                  target.schema, target.table),
                      "It was altered there.");
}

void check_completed(const TableSchema& schema, std::size_t patched, std::uint64_t completed) {
  if (completed == patched) return;
  throw Error(
      ErrorKind::data,
      fmt::format(
          "table {}: {} updated rows came without values that did not change, and the target table has {} rows to "
          "take them from",
          schema.full_name(), patched, completed),
      "The target table differs from the source. The next start of walbrook copies the table again.");
}

}  // namespace walbrook::destination
