// One column of a row batch: values of one physical type, appended one by one while the wire is parsed.
//
// The layout is Arrow's (validity bitmap, offsets, data), so that a column leaves through the Arrow C data interface
// and enters DuckDB's vectors by memcpy. Booleans take a byte each; the Arrow export packs them.
//
// A nested value is appended from the inside out: first its parts to the children, then close_list or close_structure.
// drop_open takes back parts that were appended and not closed.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "model/physical_type.h"

namespace walbrook {

// A value that the column cannot hold, in PostgreSQL's text form. The column itself is NULL in that row.
struct OverflowValue {
  std::uint32_t row;
  std::string text;
};

class Column {
 public:
  explicit Column(PhysicalType type);

  [[nodiscard]] const PhysicalType& type() const { return type_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t null_count() const { return null_count_; }
  // Bytes of memory that the column holds.
  [[nodiscard]] std::size_t bytes() const;

  void append_null() {
    append_validity(false);
    if (!children_.empty()) {
      append_null_to_children();
    } else if (!offsets_.empty()) {
      offsets_.push_back(static_cast<std::int64_t>(data_.size()));
    } else {
      data_.append(width_, '\0');
    }
  }
  // REQUIRES: `T` has the width of the layout.
  template <class T>
  void append(const T& value) {
    assert(sizeof(T) == width_);
    append_validity(true);
    data_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  // For utf8, json, binary and bit, and for uuid with exactly 16 bytes.
  void append_bytes(std::string_view value) {
    append_validity(true);
    data_.append(value);
    if (!offsets_.empty()) offsets_.push_back(static_cast<std::int64_t>(data_.size()));
  }
  // A list has one child, its element; a structure one for each field; a map two, its key and its value.
  [[nodiscard]] std::vector<Column>& children() { return children_; }
  [[nodiscard]] const std::vector<Column>& children() const { return children_; }
  // Makes a list or a map of what was appended to the children since the last value.
  void close_list() {
    append_validity(true);
    offsets_.push_back(static_cast<std::int64_t>(children_.front().size()));
  }
  // Makes a structure of the last value of each child. REQUIRES: every child got one value.
  void close_structure() { append_validity(true); }
  // Takes back what was appended to the children since the last value.
  void drop_open();
  // Appends NULL here and `text` for the overflow column.
  void append_overflow(std::string text) {
    overflow_.push_back({static_cast<std::uint32_t>(size_), std::move(text)});
    append_null();
  }
  // Appends row `row` of `from`. REQUIRES: `from` has the same type.
  void append_from(const Column& from, std::size_t row);

  [[nodiscard]] bool is_null(std::size_t row) const { return (validity_[row / 64] >> (row % 64) & 1) == 0; }
  // The value of a fixed-width column; zeros for NULL.
  template <class T>
  [[nodiscard]] T value(std::size_t row) const {
    T out;
    std::memcpy(&out, data_.data() + row * sizeof(T), sizeof(T));
    return out;
  }
  // The bytes of a value that is not nested; empty or zeros for NULL. Valid until the column changes.
  [[nodiscard]] std::string_view bytes_at(std::size_t row) const {
    if (!offsets_.empty()) {
      const auto begin = static_cast<std::size_t>(offsets_[row]);
      return {data_.data() + begin, static_cast<std::size_t>(offsets_[row + 1]) - begin};
    }
    return {data_.data() + row * width_, width_};
  }
  // Values are equal if their bits are, in nested values part by part; NULL equals NULL, and overflow values are equal
  // if their texts are.
  [[nodiscard]] bool same_value(std::size_t row, const Column& other, std::size_t other_row) const;
  [[nodiscard]] std::size_t hash_value(std::size_t row) const;
  // The row's overflow value; nullptr: it has none. Valid until the column changes.
  [[nodiscard]] const std::string* overflow_at(std::size_t row) const;
  [[nodiscard]] const std::vector<OverflowValue>& overflow() const { return overflow_; }  // by ascending row

  // The raw buffers, for the export and the codec.
  [[nodiscard]] const std::vector<std::uint64_t>& validity() const { return validity_; }  // bit set = not NULL
  [[nodiscard]] const std::vector<std::int64_t>& offsets() const { return offsets_; }     // size + 1, or empty
  [[nodiscard]] const std::string& data() const { return data_; }

  // Drops the rows from `size` on, and parts that are not closed.
  void truncate(std::size_t size);

 private:
  friend class PartReader;  // restores a column from its buffers (part_codec.cpp)

  void append_validity(bool valid) {
    if (size_ % 64 == 0) validity_.push_back(0);
    if (valid) {
      validity_.back() |= std::uint64_t{1} << (size_ % 64);
    } else {
      ++null_count_;
    }
    ++size_;
  }

  void append_null_to_children();

  PhysicalType type_;
  std::size_t width_;  // value_width(type_.layout)
  std::size_t size_ = 0;
  std::size_t null_count_ = 0;
  std::vector<std::uint64_t> validity_;
  std::vector<std::int64_t> offsets_;
  std::string data_;
  std::vector<OverflowValue> overflow_;
  std::vector<Column> children_;
};

}  // namespace walbrook
