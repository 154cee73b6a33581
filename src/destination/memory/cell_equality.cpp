#include "destination/memory/cell_equality.h"

#include <cmath>
#include <limits>
#include <string_view>

namespace walbrook::destination::memory {
namespace {

template <class T>
void append_bits(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void append_text(std::string& out, std::string_view text) {
  append_bits(out, text.size());
  out += text;
}

template <class Float>
void append_float(std::string& out, Float value, Equality equality) {
  if (std::isnan(value)) value = std::numeric_limits<Float>::quiet_NaN();
  if (equality == Equality::as_keys && value == 0) value = 0;
  append_bits(out, value);
}

// PostgreSQL compares intervals by their length, where a month has 30 days and a day 24 hours (interval_cmp_value).
void append_interval(std::string& out, const Interval& interval, Equality equality) {
  if (equality == Equality::as_content) return append_bits(out, interval);
  constexpr Int128 day = 86'400'000'000;
  append_bits(out, (Int128{interval.months} * 30 + interval.days) * day + interval.microseconds);
}

void append_children(std::string& out, const Column& column, std::size_t row, Equality equality) {
  const auto& children = column.children();
  if (column.type().layout == Layout::structure) {
    for (const auto& field : children) append_comparable(out, field, row, equality);
    return;
  }
  const auto begin = static_cast<std::size_t>(column.offsets()[row]);
  const auto end = static_cast<std::size_t>(column.offsets()[row + 1]);
  append_bits(out, end - begin);
  for (auto at = begin; at < end; ++at) {
    for (const auto& part : children) append_comparable(out, part, at, equality);
  }
}

}  // namespace

void append_comparable(std::string& out, const Column& column, std::size_t row, Equality equality) {
  if (const auto* text = column.overflow_at(row)) {
    out += 'v';
    return append_text(out, *text);
  }
  if (column.is_null(row)) {
    out += '-';
    return;
  }
  out += '+';
  switch (column.type().layout) {
    case Layout::float32:
      return append_float(out, column.value<float>(row), equality);
    case Layout::float64:
      return append_float(out, column.value<double>(row), equality);
    case Layout::interval:
      return append_interval(out, column.value<Interval>(row), equality);
    case Layout::list:
    case Layout::structure:
    case Layout::map:
      return append_children(out, column, row, equality);
    default:
      return append_text(out, column.bytes_at(row));
  }
}

}  // namespace walbrook::destination::memory
