#include "package/column.h"

#include <algorithm>

namespace walbrook {

std::size_t Column::bytes() const {
  std::size_t total = data_.size() + validity_.size() * sizeof(validity_[0]) + offsets_.size() * sizeof(std::int64_t);
  for (const auto& variant : variants_) total += sizeof(Variant) + variant.text.size();
  return total;
}

void Column::append_from(const Column& from, std::size_t row) {
  if (const auto* text = from.variant(row)) {
    append_variant(*text);
  } else if (from.is_null(row)) {
    append_null();
  } else {
    append_bytes(from.bytes_at(row));
  }
}

const std::string* Column::variant(std::size_t row) const {
  if (variants_.empty()) return nullptr;
  const auto found = std::ranges::lower_bound(variants_, row, {}, &Variant::row);
  return found != variants_.end() && found->row == row ? &found->text : nullptr;
}

void Column::truncate(std::size_t size) {
  if (size >= size_) return;
  for (std::size_t row = size; row < size_; ++row) null_count_ -= is_null(row) ? 1 : 0;
  size_ = size;
  validity_.resize((size + 63) / 64);
  if (size % 64 != 0) validity_.back() &= (std::uint64_t{1} << (size % 64)) - 1;
  if (offsets_.empty()) {
    data_.resize(size * value_width(type_.layout));
  } else {
    offsets_.resize(size + 1);
    data_.resize(static_cast<std::size_t>(offsets_[size]));
  }
  std::erase_if(variants_, [size](const Variant& variant) { return variant.row >= size; });
}

}  // namespace walbrook
