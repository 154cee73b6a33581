#include "postgres/values/value_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/utf8.h"
#include "postgres/values/datetime.h"
#include "postgres/values/values.h"

namespace walbrook::postgres {
namespace {

// A column with these holds no decimal and no timestamp. So the parsers produce the text for the overflow column, which
// is exactly what PostgreSQL prints.
constexpr PhysicalType no_decimal{Layout::decimal, 0, 0};
constexpr ParseOptions no_timestamp{.limits = {.min_timestamp = 1, .max_timestamp = 0}};

template <class Float>
std::string float_text(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string fraction_text(std::int64_t microseconds) {
  if (microseconds == 0) return {};
  auto text = fmt::format(".{:06}", microseconds);
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}

// Prints [-]HH:MM:SS[.ffffff]. An interval may have more than 99 hours.
std::string time_text(std::int64_t microseconds) {
  const bool negative = microseconds < 0;
  const auto magnitude =
      negative ? 0 - static_cast<std::uint64_t>(microseconds) : static_cast<std::uint64_t>(microseconds);
  const auto seconds = magnitude / us_per_second;
  return fmt::format("{}{:02}:{:02}:{:02}{}", negative ? "-" : "", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     fraction_text(static_cast<std::int64_t>(magnitude % us_per_second)));
}

std::string zone_text(std::int32_t seconds) {
  const int magnitude = std::abs(seconds);
  auto text = fmt::format("{}{:02}", seconds < 0 ? '-' : '+', magnitude / 3600);
  if (magnitude % 3600 != 0) text += fmt::format(":{:02}", magnitude / 60 % 60);
  if (magnitude % 60 != 0) text += fmt::format(":{:02}", magnitude % 60);
  return text;
}

std::string interval_text(const Interval& interval) {
  std::string text;
  if (interval.months != 0) text += fmt::format("{} mons ", interval.months);
  if (interval.days != 0) text += fmt::format("{} days ", interval.days);
  if (interval.microseconds != 0 || text.empty()) return text + time_text(interval.microseconds);
  text.pop_back();
  return text;
}

std::string uuid_text(std::string_view bytes) {
  auto text = to_hex(bytes).substr(2);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

// Prints the one value of a column. Returns nullopt if its layout is none of these.
std::optional<std::string> value_text(const Column& column) {
  if (const auto* overflow = column.overflow_at(0)) return *overflow;
  constexpr auto infinite_date = std::numeric_limits<std::int32_t>::max();
  switch (column.type().layout) {
    case Layout::boolean:
      return column.value<std::uint8_t>(0) != 0 ? "t" : "f";
    case Layout::int16:
      return std::to_string(column.value<std::int16_t>(0));
    case Layout::int32:
      return std::to_string(column.value<std::int32_t>(0));
    case Layout::int64:
      return std::to_string(column.value<std::int64_t>(0));
    case Layout::uint32:
      return std::to_string(column.value<std::uint32_t>(0));
    case Layout::uint64:
      return std::to_string(column.value<std::uint64_t>(0));
    case Layout::float32:
      return float_text(column.value<float>(0));
    case Layout::float64:
      return float_text(column.value<double>(0));
    case Layout::decimal:
      return "0";  // all other values overflow
    case Layout::binary:
      return to_hex(column.bytes_at(0));
    case Layout::uuid:
      return uuid_text(column.bytes_at(0));
    case Layout::date: {
      const auto days = column.value<std::int32_t>(0);
      if (days == infinite_date || days == -infinite_date) return days > 0 ? "infinity" : "-infinity";
      return print_date(days);
    }
    case Layout::time:
      return time_text(column.value<std::int64_t>(0));
    case Layout::time_tz: {
      const auto time = column.value<TimeTz>(0);
      return time_text(time.microseconds) + zone_text(time.offset_seconds);
    }
    case Layout::timestamp:
    case Layout::timestamp_tz:
      return column.value<std::int64_t>(0) > 0 ? "infinity" : "-infinity";  // all other values overflow
    case Layout::interval:
      return interval_text(column.value<Interval>(0));
    case Layout::utf8:
    case Layout::json:
      return std::string(column.bytes_at(0));
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> binary_to_text(Oid type, std::string_view bytes) {
  const SourceType source{.oid = type, .base_oid = type};
  if (!has_binary_parser(source)) return std::nullopt;
  auto physical = physical_type(source, -1, no_timestamp.limits);
  const auto parser = parsers_for(type, false, physical).binary;
  if (parser == nullptr) return std::nullopt;
  if (physical.layout == Layout::decimal) physical = no_decimal;
  Column column(physical);
  if (parser(bytes, no_timestamp, column) != ParseStatus::ok) return std::nullopt;
  return value_text(column);
}

std::string to_text(Timestamp time) {
  const auto days = time / us_per_day - (time % us_per_day < 0 ? 1 : 0);
  const auto date = print_date(days);
  const auto era = date.find(' ');  // " BC" moves to the end
  return fmt::format("{} {}+00{}", date.substr(0, era), time_text(time - days * us_per_day),
                     era == std::string::npos ? "" : date.substr(era));
}

StoredText stored_text(std::string_view bytes, const SourceText* encoding, std::string& buffer) {
  // Every encoding of a PostgreSQL server is ASCII below 128, so ASCII needs no conversion.
  if (encoding == nullptr ? is_utf8(bytes) : is_ascii(bytes)) return {.form = StoredText::Form::utf8, .text = bytes};
  if (encoding != nullptr) {
    if (encoding->to_utf8(bytes, buffer)) return {.form = StoredText::Form::utf8, .text = buffer};
    if (encoding->unconvertible() == SourceText::Unconvertible::suspends) return {.form = StoredText::Form::refused};
  }
  buffer = to_hex(bytes);
  return {.form = StoredText::Form::hex, .text = buffer};
}

std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(2 + 2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 0x0FU]);
  }
  return text;
}

}  // namespace walbrook::postgres
