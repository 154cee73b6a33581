// Checks that an Arrow array has what its schema promises, before a value is read.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "arrow/arrow_columns.h"
#include "walbrook/arrow.h"

namespace walbrook {

// Throws Error(data) if the batch does not match `columns`. Borrows both for the call.
void check_arrow_batch(const std::vector<ArrowColumn>& columns, const ArrowArray& batch);

// Returns item `at` of a buffer, which need not be aligned.
template <class T>
[[nodiscard]] T arrow_item(const void* buffer, std::int64_t at) {
  T item;
  std::memcpy(&item, static_cast<const char*>(buffer) + static_cast<std::size_t>(at) * sizeof(T), sizeof(T));
  return item;
}

// `at` counts from the beginning of the buffers: it includes the array's offset.
[[nodiscard]] inline bool arrow_is_null(const ArrowArray& array, std::int64_t at) {
  const auto* bits = static_cast<const unsigned char*>(array.buffers[0]);
  return bits != nullptr && (bits[at / 8] >> (at % 8) & 1) == 0;
}

// An element of an array of utf8 or binary views, 16 bytes.
struct ArrowView {
  std::int32_t length;
  char head[4];         // the first bytes; of a value up to 12 bytes, `head` to `offset` hold all of it
  std::int32_t buffer;  // index of the variable buffer
  std::int32_t offset;  // in that buffer
};
inline constexpr std::int32_t arrow_inlined_bytes = 12;
static_assert(sizeof(ArrowView) == 16);

}  // namespace walbrook
