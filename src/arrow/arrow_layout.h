// Whether an Arrow array has what its schema promises, before a value of it is read.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "arrow/arrow_columns.h"
#include "walbrook/arrow.h"

namespace walbrook {

// Error(data) where it has not. Borrows both for the call.
void check_arrow_batch(const std::vector<ArrowColumn>& columns, const ArrowArray& batch);

// Item `at` of a buffer that need not be aligned.
template <class T>
[[nodiscard]] T arrow_item(const void* buffer, std::int64_t at) {
  T item;
  std::memcpy(&item, static_cast<const char*>(buffer) + static_cast<std::size_t>(at) * sizeof(T), sizeof(T));
  return item;
}

// `at` counts from the beginning of the buffers: the array's offset is in it.
[[nodiscard]] inline bool arrow_is_null(const ArrowArray& array, std::int64_t at) {
  const auto* bits = static_cast<const unsigned char*>(array.buffers[0]);
  return bits != nullptr && (bits[at / 8] >> (at % 8) & 1) == 0;
}

// 16 bytes of an array of utf8 or binary views.
struct ArrowView {
  std::int32_t length;
  char head[4];         // of a short one (12 bytes): the first of its bytes
  std::int32_t buffer;  // which of the variable buffers
  std::int32_t offset;  // in it
};
inline constexpr std::int32_t arrow_inlined_bytes = 12;
static_assert(sizeof(ArrowView) == 16);

}  // namespace walbrook
