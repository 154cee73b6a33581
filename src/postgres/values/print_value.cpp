#include "postgres/values/print_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/hex.h"
#include "postgres/values/datetime.h"
#include "postgres/values/value_text.h"

namespace walbrook::postgres {
namespace {

template <class Float>
void print_float(std::string& out, Float value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
  } else {
    std::array<char, 32> text{};
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
  }
}

void print_decimal(std::string& out, Int128 scaled, int scale) {
  std::array<char, max_decimal_precision + 3> text{};  // sign, zero and point besides the digits
  auto at = text.end();
  const bool is_negative = scaled < 0;
  for (int digits = 0; digits <= scale || scaled != 0; ++digits) {
    if (digits == scale && scale > 0) *--at = '.';
    const auto digit = static_cast<int>(scaled % 10);
    *--at = static_cast<char>('0' + (digit < 0 ? -digit : digit));
    scaled /= 10;
  }
  if (is_negative) *--at = '-';
  out.append(at, text.end());
}

std::string fraction_text(std::int64_t microseconds) {
  if (microseconds == 0) return {};
  auto text = fmt::format(".{:06}", microseconds);
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}

std::string zone_text(std::int32_t seconds) {
  const int magnitude = std::abs(seconds);
  auto text = fmt::format("{}{:02}", seconds < 0 ? '-' : '+', magnitude / 3600);
  if (magnitude % 3600 != 0) text += fmt::format(":{:02}", magnitude / 60 % 60);
  if (magnitude % 60 != 0) text += fmt::format(":{:02}", magnitude % 60);
  return text;
}

void print_interval(std::string& out, const Interval& interval) {
  if (interval.months != 0) out += fmt::format("{} mons ", interval.months);
  if (interval.days != 0) out += fmt::format("{} days ", interval.days);
  if (interval.microseconds != 0 || (interval.months == 0 && interval.days == 0)) {
    out += time_text(interval.microseconds);
  } else {
    out.pop_back();
  }
}

void print_timestamp(std::string& out, std::int64_t microseconds, std::string_view zone) {
  if (std::abs(microseconds) == std::numeric_limits<std::int64_t>::max()) {
    out += microseconds > 0 ? "infinity" : "-infinity";
    return;
  }
  const auto days = microseconds / us_per_day - (microseconds % us_per_day < 0 ? 1 : 0);
  const auto date = print_date(days);
  const auto era = std::min(date.find(' '), date.size());  // " BC" moves to the end
  out.append(date, 0, era).append(" ").append(time_text(microseconds - days * us_per_day)).append(zone);
  out.append(date, era);
}

void print_date_value(std::string& out, std::int32_t days) {
  if (std::abs(days) == std::numeric_limits<std::int32_t>::max()) {
    out += days > 0 ? "infinity" : "-infinity";
  } else {
    out += print_date(days);
  }
}

void print_uuid(std::string& out, std::string_view bytes) {
  auto text = hex_digits(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  out += text;
}

void print_bits(std::string& out, std::string_view bytes) {
  const auto padding = static_cast<unsigned char>(bytes.front());
  for (std::size_t bit = padding; bit < (bytes.size() - 1) * 8; ++bit) {
    const auto byte = static_cast<unsigned char>(bytes[1 + bit / 8]);
    out += (byte >> (7 - bit % 8) & 1) != 0 ? '1' : '0';
  }
}

// Appends `text` in double quotes, which arrays, rows and hstores all read.
void print_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void print_part(std::string& out, const Column& part, std::size_t row, std::string_view null) {
  if (part.is_null(row)) {
    out += null;
    return;
  }
  std::string text;
  print_value(text, part, row);
  print_quoted(out, text);
}

// An array in an array is written in braces of its own.
void print_element(std::string& out, const Column& elements, std::size_t row) {
  if (elements.type().layout == Layout::list && !elements.is_null(row)) return print_value(out, elements, row);
  print_part(out, elements, row, "NULL");
}

void print_nested(std::string& out, const Column& column, std::size_t row) {
  const auto& children = column.children();
  if (column.type().layout == Layout::structure) {
    out += '(';
    for (const auto& field : children) {
      if (&field != children.data()) out += ',';
      print_part(out, field, row, "");
    }
    out += ')';
    return;
  }
  const bool is_map = column.type().layout == Layout::map;
  const auto begin = static_cast<std::size_t>(column.offsets()[row]);
  const auto end = static_cast<std::size_t>(column.offsets()[row + 1]);
  if (!is_map) out += '{';
  for (auto at = begin; at < end; ++at) {
    if (at != begin) out += is_map ? ", " : ",";
    if (!is_map) {
      print_element(out, children[0], at);
      continue;
    }
    print_part(out, children[0], at, "NULL");
    out += "=>";
    print_part(out, children[1], at, "NULL");
  }
  if (!is_map) out += '}';
}

template <class T>
void print_number(std::string& out, const Column& column, std::size_t row) {
  fmt::format_to(std::back_inserter(out), "{}", column.value<T>(row));
}

}  // namespace

std::string time_text(std::int64_t microseconds) {
  const bool negative = microseconds < 0;
  const auto magnitude =
      negative ? 0 - static_cast<std::uint64_t>(microseconds) : static_cast<std::uint64_t>(microseconds);
  const auto seconds = magnitude / us_per_second;
  return fmt::format("{}{:02}:{:02}:{:02}{}", negative ? "-" : "", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     fraction_text(static_cast<std::int64_t>(magnitude % us_per_second)));
}

void print_value(std::string& out, const Column& column, std::size_t row) {
  switch (column.type().layout) {
    case Layout::boolean:
      out += column.value<std::uint8_t>(row) != 0 ? 't' : 'f';
      return;
    case Layout::int16:
      return print_number<std::int16_t>(out, column, row);
    case Layout::int32:
      return print_number<std::int32_t>(out, column, row);
    case Layout::int64:
      return print_number<std::int64_t>(out, column, row);
    case Layout::uint32:
      return print_number<std::uint32_t>(out, column, row);
    case Layout::uint64:
      return print_number<std::uint64_t>(out, column, row);
    case Layout::float32:
      return print_float(out, column.value<float>(row));
    case Layout::float64:
      return print_float(out, column.value<double>(row));
    case Layout::decimal:
      return print_decimal(out, column.value<Int128>(row), column.type().scale);
    case Layout::utf8:
    case Layout::json:
      out += column.bytes_at(row);
      return;
    case Layout::binary:
      out += to_hex(column.bytes_at(row));
      return;
    case Layout::uuid:
      return print_uuid(out, column.bytes_at(row));
    case Layout::date:
      return print_date_value(out, column.value<std::int32_t>(row));
    case Layout::time:
      out += time_text(column.value<std::int64_t>(row));
      return;
    case Layout::time_tz: {
      const auto time = column.value<TimeTz>(row);
      out += time_text(time.microseconds) + zone_text(time.offset_seconds);
      return;
    }
    case Layout::timestamp:
      return print_timestamp(out, column.value<std::int64_t>(row), "");
    case Layout::timestamp_tz:
      return print_timestamp(out, column.value<std::int64_t>(row), "+00");
    case Layout::interval:
      return print_interval(out, column.value<Interval>(row));
    case Layout::bit:
      return print_bits(out, column.bytes_at(row));
    case Layout::list:
    case Layout::structure:
    case Layout::map:
      return print_nested(out, column, row);
  }
}

}  // namespace walbrook::postgres
