// Values of columns into DuckDB's vectors, whatever their layout. Texts are not copied: the strings of a vector point
// into the column.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/row_batch.h"

namespace walbrook::destination::duckdb {

// A cell that borrows `text`: whoever takes the chunk copies it.
[[nodiscard]] duckdb_string_t string_cell(std::string_view text);

// NULL in the first `size` rows, in nested vectors at every depth.
void set_all_null(duckdb_vector vector, std::size_t size);

// Rows that stand together in one batch.
struct RowRange {
  const RowBatch* batch;
  std::uint32_t first;  // row of the batch
  std::uint32_t count;
  std::uint32_t at;  // row of the vector
};

class ValueVectors {
 public:
  // Borrows both: they name columns in messages.
  ValueVectors(const TableSchema& schema, const std::string& label) : schema_(schema), label_(label) {}

  // Values and NULLs of a column of the batches. Throws Error(data) for text that is not UTF-8.
  void fill(std::uint32_t column, std::span<const RowRange> ranges, duckdb_vector vector);
  [[noreturn]] void not_utf8(std::uint32_t column) const;
  [[nodiscard]] std::size_t largest() const { return largest_; }  // text, in bytes, so far
  [[nodiscard]] std::size_t bytes() const { return bytes_; }      // of texts and of what stands in lists, so far

 private:
  // Values of a nested column's child, `child` telling which, that stand together.
  struct Slice {
    const Column* parent;
    std::size_t first;
    std::size_t count;
    std::size_t at;
  };
  static const Column& source_of(const RowRange& range, std::uint32_t column) { return range.batch->columns[column]; }
  static const Column& source_of(const Slice& slice, std::uint32_t child) { return slice.parent->children()[child]; }

  // Of `index`: the column's, or the child's.
  template <class Ranges>
  void values(const PhysicalType& type, const Ranges& ranges, std::uint32_t index, duckdb_vector vector);
  template <class Ranges>
  void texts(Layout layout, const Ranges& ranges, std::uint32_t index, duckdb_vector vector);
  template <class Ranges>
  void lists(const PhysicalType& type, const Ranges& ranges, std::uint32_t index, duckdb_vector vector);
  template <class Ranges>
  void structures(const PhysicalType& type, const Ranges& ranges, std::uint32_t index, duckdb_vector vector);
  template <class From, class To, class Ranges, class Convert>
  static void convert(const Ranges& ranges, std::uint32_t index, void* out, const Convert& to);
  template <class To, class Ranges>
  static void decimals_as(const Ranges& ranges, std::uint32_t index, int precision, void* out);
  template <class Ranges>
  static void decimals(const Ranges& ranges, std::uint32_t index, int precision, void* out);
  template <std::size_t width, class Ranges>
  static void fixed(const Ranges& ranges, std::uint32_t index, void* out);
  template <class Ranges>
  static void validity(const Ranges& ranges, std::uint32_t index, duckdb_vector vector);

  const TableSchema& schema_;
  const std::string& label_;
  std::uint32_t column_ = 0;  // that is being filled
  std::size_t bytes_ = 0;
  std::size_t largest_ = 0;
};

}  // namespace walbrook::destination::duckdb
