// Appends values of checked arrays (arrow_layout.h) to the columns that they become.
#pragma once

#include <cstdint>
#include <string>

#include "arrow/arrow_columns.h"
#include "model/column.h"
#include "walbrook/arrow.h"

namespace walbrook {

class ArrowValues {
 public:
  // `row` is the row of the stream that has the first value, counted from 1. Borrows the limits for its lifetime.
  ArrowValues(const ValueLimits& limits, std::uint64_t row) : limits_(limits), row_(row) {}

  // Appends values [begin, end) of the array, one per row.
  void append(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  // Appends one value with all its parts; the next call reads the next row.
  void append_in_row(const ArrowColumn& of, const ArrowArray& array, std::int64_t at, Column& into);

 private:
  void values(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  // Appends NULL for each NULL, and calls `one` with the position of each other value.
  template <class One>
  void each(const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into, const One& one);
  template <class From, class To>
  void numbers(const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  template <class Float>
  void floats(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  // Fails if the destination cannot hold the value.
  template <class Float>
  [[nodiscard]] Float checked(const ArrowColumn& of, Float value) const;
  template <class Offset>
  void bytes(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void append_text(const ArrowColumn& of, std::string_view text, Column& into);
  void views(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void decimals(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void dates(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void times(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void timestamps(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void intervals(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  template <class Offset>
  void lists(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  template <class Offset>
  void list_views(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void maps(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void structures(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  void decoded(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  [[nodiscard]] std::int64_t microseconds(const ArrowColumn& of, std::int64_t ticks) const;
  [[noreturn]] void fail(const ArrowColumn& of, const std::string& why) const;

  const ValueLimits& limits_;
  std::uint64_t row_;
  bool within_ = false;  // within a row: the values that are read are parts of one value
};

}  // namespace walbrook
