#include "model/column.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace walbrook {

Column::Column(PhysicalType type) : type_(std::move(type)), width_(value_width(type_.layout)) {
  if (is_variable_width(type_.layout) || type_.layout == Layout::list || type_.layout == Layout::map) {
    offsets_.push_back(0);
  }
  children_.reserve(type_.children.size());
  for (const auto& child : type_.children) children_.emplace_back(child);
}

std::size_t Column::bytes() const {
  std::size_t total = data_.size() + validity_.size() * sizeof(validity_[0]) + offsets_.size() * sizeof(std::int64_t);
  for (const auto& overflow : overflow_) total += sizeof(OverflowValue) + overflow.text.size();
  for (const auto& child : children_) total += child.bytes();
  return total;
}

void Column::append_from(const Column& from, std::size_t row) {
  if (const auto* text = from.overflow_at(row)) {
    append_overflow(*text);
  } else if (from.is_null(row)) {
    append_null();
  } else if (children_.empty()) {
    append_bytes(from.bytes_at(row));
  } else if (offsets_.empty()) {
    for (std::size_t i = 0; i < children_.size(); ++i) children_[i].append_from(from.children_[i], row);
    close_structure();
  } else {
    const auto end = static_cast<std::size_t>(from.offsets_[row + 1]);
    for (std::size_t i = 0; i < children_.size(); ++i) {
      for (auto at = static_cast<std::size_t>(from.offsets_[row]); at < end; ++at) {
        children_[i].append_from(from.children_[i], at);
      }
    }
    close_list();
  }
}

void Column::append_null_to_children() {
  if (offsets_.empty()) {
    for (auto& child : children_) child.append_null();
  } else {
    offsets_.push_back(offsets_.back());
  }
}

void Column::drop_open() {
  const auto closed = offsets_.empty() ? size_ : static_cast<std::size_t>(offsets_.back());
  for (auto& child : children_) child.truncate(closed);
}

bool Column::same_value(std::size_t row, const Column& other, std::size_t other_row) const {
  if (is_null(row) != other.is_null(other_row)) return false;
  const auto* mine = overflow_at(row);
  const auto* theirs = other.overflow_at(other_row);
  if ((mine == nullptr) != (theirs == nullptr) || (mine != nullptr && *mine != *theirs)) return false;
  if (children_.empty()) return bytes_at(row) == other.bytes_at(other_row);
  auto begin = row;
  auto other_begin = other_row;
  std::size_t length = 1;
  if (!offsets_.empty()) {
    begin = static_cast<std::size_t>(offsets_[row]);
    other_begin = static_cast<std::size_t>(other.offsets_[other_row]);
    length = static_cast<std::size_t>(offsets_[row + 1]) - begin;
    if (length != static_cast<std::size_t>(other.offsets_[other_row + 1]) - other_begin) return false;
  }
  for (std::size_t i = 0; i < children_.size(); ++i) {
    for (std::size_t at = 0; at < length; ++at) {
      if (!children_[i].same_value(begin + at, other.children_[i], other_begin + at)) return false;
    }
  }
  return true;
}

std::size_t Column::hash_value(std::size_t row) const {
  constexpr std::size_t of_null = 0x9E37;
  if (const auto* text = overflow_at(row)) return std::hash<std::string_view>{}(*text) + 1;
  if (is_null(row)) return of_null;
  if (children_.empty()) return std::hash<std::string_view>{}(bytes_at(row));
  const auto begin = offsets_.empty() ? row : static_cast<std::size_t>(offsets_[row]);
  const auto end = offsets_.empty() ? row + 1 : static_cast<std::size_t>(offsets_[row + 1]);
  std::size_t hash = end - begin;
  for (const auto& child : children_) {
    for (auto at = begin; at < end; ++at) hash = (hash ^ child.hash_value(at)) * 0x9E3779B97F4A7C15U;
  }
  return hash;
}

const std::string* Column::overflow_at(std::size_t row) const {
  if (overflow_.empty()) return nullptr;
  const auto found = std::ranges::lower_bound(overflow_, row, {}, &OverflowValue::row);
  return found != overflow_.end() && found->row == row ? &found->text : nullptr;
}

void Column::truncate(std::size_t size) {
  if (size >= size_) return drop_open();
  for (std::size_t row = size; row < size_; ++row) null_count_ -= is_null(row) ? 1 : 0;
  size_ = size;
  validity_.resize((size + 63) / 64);
  if (size % 64 != 0) validity_.back() &= (std::uint64_t{1} << (size % 64)) - 1;
  if (!offsets_.empty()) offsets_.resize(size + 1);
  if (!children_.empty()) {
    drop_open();
  } else {
    data_.resize(offsets_.empty() ? size * width_ : static_cast<std::size_t>(offsets_[size]));
  }
  std::erase_if(overflow_, [size](const OverflowValue& overflow) { return overflow.row >= size; });
}

}  // namespace walbrook
