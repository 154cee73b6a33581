// Rows of columns as Arrow arrays, out through the C data interface.
//
// Columns lie in memory as Arrow lays them out, so an export copies buffers and converts little: bits of booleans, and
// the offsets of maps. Every array begins at offset 0 and owns its buffers (64-byte aligned): nothing is borrowed from
// the columns, and arrays may be released in any order, on any thread.
//
//   boolean b · int16 s · int32 i · int64 l · uint32 I · uint64 L · float32 f · float64 g · decimal d:P,S
//   utf8 U · json U (arrow.json) · binary Z · uuid w:16 (arrow.uuid) · date tdD · time ttu
//   timestamp tsu: · timestamp_tz tsu:UTC · list +L · structure +s · map +m
//   time_tz   +s of "time" ttu and "offset_seconds" i, east of Greenwich positive
//   interval  +s of "months" i, "days" i, "microseconds" l: Arrow's own holds nanoseconds, PostgreSQL's goes further
//   bit       U, as PostgreSQL prints it ("0101")
//
// Infinite dates and timestamps are ±INT32_MAX and ±INT64_MAX, as in the column.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/column.h"
#include "walbrook/arrow.h"

namespace walbrook {

// Releases what was not moved away.
template <class T>
class ArrowOwned {
 public:
  ArrowOwned() = default;
  ~ArrowOwned() {
    if (raw.release != nullptr) raw.release(&raw);
  }
  ArrowOwned(ArrowOwned&& other) noexcept : raw(std::exchange(other.raw, T{})) {}
  ArrowOwned& operator=(ArrowOwned&& other) noexcept {
    std::swap(raw, other.raw);
    return *this;
  }
  ArrowOwned(const ArrowOwned&) = delete;
  ArrowOwned& operator=(const ArrowOwned&) = delete;
  // To the consumer, who releases it.
  void move_to(T* out) { *out = std::exchange(raw, T{}); }

  T raw{};
};

struct ArrowField {
  std::string name;
  PhysicalType type;
  bool nullable = true;
};

// A record batch's schema: a structure of these.
[[nodiscard]] ArrowOwned<ArrowSchema> export_schema(const std::vector<ArrowField>& fields);

struct ColumnSlice {
  const Column* column;  // borrowed for the call
  std::size_t begin;     // its first row
};
// A record batch of `rows` rows of each column. Error(data): a map column with more entries than 2^31 in it.
[[nodiscard]] ArrowOwned<ArrowArray> export_rows(const std::vector<ColumnSlice>& columns, std::size_t rows);

// A stream of that one batch.
void export_stream(std::vector<ArrowField> fields, ArrowOwned<ArrowArray> batch, ArrowArrayStream* out);

}  // namespace walbrook
