// Exports rows of columns as Arrow arrays through the C data interface.
//
// Columns have Arrow's layout in memory, so an export copies buffers and converts only booleans (to bits) and the
// offsets of maps. Every array begins at offset 0 and owns its buffers (64-byte aligned). Nothing is borrowed from the
// columns, and arrays may be released in any order, on any thread.
//
//   boolean b · int16 s · int32 i · int64 l · uint32 I · uint64 L · float32 f · float64 g · decimal d:P,S
//   utf8 U · json U (arrow.json) · binary Z · uuid w:16 (arrow.uuid) · date tdD · time ttu
//   timestamp tsu: · timestamp_tz tsu:UTC · list +L · structure +s · map +m
//   time_tz   +s of "time" ttu and "offset_seconds" i, east of Greenwich positive
//   interval  +s of "months" i, "days" i, "microseconds" l: Arrow's own has nanoseconds, PostgreSQL's a wider range
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

// Owns an Arrow structure and releases it, unless it was moved away.
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
  // Moves the structure to the consumer, who releases it.
  void move_to(T* out) { *out = std::exchange(raw, T{}); }

  T raw{};
};

struct ArrowField {
  std::string name;
  PhysicalType type;
  bool nullable = true;
};

// Returns the schema of a record batch: a struct of `fields`.
[[nodiscard]] ArrowOwned<ArrowSchema> export_schema(const std::vector<ArrowField>& fields);

struct ColumnSlice {
  const Column* column;  // borrowed for the call
  std::size_t begin;     // first row of the slice
};
// Returns a record batch of `rows` rows of each column. Throws Error(data) if a map column has more than 2^31 entries.
[[nodiscard]] ArrowOwned<ArrowArray> export_rows(const std::vector<ColumnSlice>& columns, std::size_t rows);

// Makes a stream of one batch. The consumer releases `out`.
void export_stream(std::vector<ArrowField> fields, ArrowOwned<ArrowArray> batch, ArrowArrayStream* out);

}  // namespace walbrook
