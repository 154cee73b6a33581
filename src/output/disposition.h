// Dispositions: what the changes of a table make of one of its outputs.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "output/row_operations.h"

namespace walbrook {

enum class Disposition : std::uint8_t {
  merge,   // the target equals the source table (merge.h)
  append,  // the target holds every change (append.h)
};
[[nodiscard]] std::string_view to_string(Disposition disposition);
// Throws Error(destination) for an unknown text: another version of walbrook wrote it, or it was changed by hand.
[[nodiscard]] Disposition parse_disposition(std::string_view text);

// The row operations that bring an output of that disposition up to date. REQUIRES: what merge_changes requires.
[[nodiscard]] RowOperations row_operations(Disposition disposition, const std::vector<const RowBatch*>& batches);

}  // namespace walbrook
