// Writes values of columns into DuckDB's vectors, whatever their layout. Texts are not copied: the strings of a vector
// point into the column.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/row_batch.h"

namespace walbrook::destination::duckdb {

// Returns a cell that borrows `text`, which must stay valid until DuckDB has taken the chunk and copied it.
[[nodiscard]] duckdb_string_t string_cell(std::string_view text);

// Sets the first `size` rows to NULL, in nested vectors at every depth.
void set_all_null(duckdb_vector vector, std::size_t size);

// Consecutive rows of one batch.
struct RowRange {
  const RowBatch* batch;
  std::uint32_t first;  // first row in the batch
  std::uint32_t count;
  std::uint32_t at;  // their first row in the vector
};

class ValueVectors {
 public:
  // Borrows both, which name columns in messages.
  ValueVectors(const TableSchema& schema, const std::string& label) : schema_(schema), label_(label) {}

  // The column's vectors are of an ENUM with these labels, unless there are none. REQUIRES: it has every label of the
  // values.
  void set_labels(std::uint32_t column, const std::vector<std::string>& labels);
  // Writes the values and NULLs of a column of the batches. Throws Error(data) for text that is not UTF-8.
  void fill(std::uint32_t column, std::span<const RowRange> ranges, duckdb_vector vector);
  [[noreturn]] void not_utf8(std::uint32_t column) const;
  [[nodiscard]] std::size_t largest() const { return largest_; }  // the largest text so far, in bytes
  [[nodiscard]] std::size_t bytes() const { return bytes_; }      // bytes of texts and of list elements so far

 private:
  struct LabelHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using LabelNumbers = std::unordered_map<std::string, std::uint32_t, LabelHash, std::equal_to<>>;
  // Consecutive values of one child of a nested column.
  struct Slice {
    const Column* parent;
    std::size_t first;
    std::size_t count;
    std::size_t at;
  };
  static const Column& source_of(const RowRange& range, std::uint32_t column) { return range.batch->columns[column]; }
  static const Column& source_of(const Slice& slice, std::uint32_t child) { return slice.parent->children()[child]; }

  // In all of these, `index` is that of the column or of the child.
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

  void labels(const LabelNumbers& numbers, std::span<const RowRange> ranges, duckdb_vector vector) const;
  template <class Number>
  void label_numbers(const LabelNumbers& numbers, std::span<const RowRange> ranges, Number* out) const;
  [[noreturn]] void no_label(std::string_view text) const;

  const TableSchema& schema_;
  const std::string& label_;
  std::map<std::uint32_t, LabelNumbers> numbers_;  // of columns whose vectors are of an ENUM
  std::uint32_t column_ = 0;                       // the column that is being filled
  std::size_t bytes_ = 0;
  std::size_t largest_ = 0;
};

}  // namespace walbrook::destination::duckdb
