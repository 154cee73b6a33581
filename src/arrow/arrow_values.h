// Values of arrays that were checked (arrow_layout.h), each into the column that it becomes.
#pragma once

#include <cstdint>
#include <string>

#include "arrow/arrow_columns.h"
#include "model/column.h"
#include "walbrook/arrow.h"

namespace walbrook {

class ArrowValues {
 public:
  // `row`: of the stream, in which the first value that is read stands. Borrows the limits.
  ArrowValues(const ValueLimits& limits, std::uint64_t row) : limits_(limits), row_(row) {}

  // Values [begin, end) of the array, one a row.
  void append(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  // One value with everything in it; the next call reads the next row.
  void append_in_row(const ArrowColumn& of, const ArrowArray& array, std::int64_t at, Column& into);

 private:
  void values(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  // Each value that is not NULL by `one`, which gets its place in the buffers.
  template <class One>
  void each(const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into, const One& one);
  template <class From, class To>
  void numbers(const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  template <class Float>
  void floats(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into);
  // Fails where the destination cannot hold it.
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
  bool within_ = false;  // a row: what is read are parts of one value
};

}  // namespace walbrook
