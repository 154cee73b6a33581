#include "schema/physical_type.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace walbrook {
namespace {

constexpr std::array<std::pair<Layout, std::string_view>, 19> names = {{{Layout::boolean, "boolean"},
                                                                        {Layout::int16, "int16"},
                                                                        {Layout::int32, "int32"},
                                                                        {Layout::int64, "int64"},
                                                                        {Layout::uint32, "uint32"},
                                                                        {Layout::uint64, "uint64"},
                                                                        {Layout::float32, "float32"},
                                                                        {Layout::float64, "float64"},
                                                                        {Layout::decimal, "decimal"},
                                                                        {Layout::utf8, "utf8"},
                                                                        {Layout::json, "json"},
                                                                        {Layout::binary, "binary"},
                                                                        {Layout::uuid, "uuid"},
                                                                        {Layout::date, "date"},
                                                                        {Layout::time, "time"},
                                                                        {Layout::time_tz, "time_tz"},
                                                                        {Layout::timestamp, "timestamp"},
                                                                        {Layout::timestamp_tz, "timestamp_tz"},
                                                                        {Layout::interval, "interval"}}};

constexpr int max_decimal_precision = 38;

// "decimal(12,2)"
std::optional<PhysicalType> parse_decimal(std::string_view name) {
  constexpr std::string_view prefix = "decimal(";
  if (!name.starts_with(prefix)) return std::nullopt;
  PhysicalType type{Layout::decimal};
  const char* end = name.data() + name.size();
  const auto comma = std::from_chars(name.data() + prefix.size(), end, type.precision);
  if (comma.ec != std::errc{} || comma.ptr == end || *comma.ptr != ',') return std::nullopt;
  const auto close = std::from_chars(comma.ptr + 1, end, type.scale);
  if (close.ec != std::errc{} || std::string_view(close.ptr, static_cast<std::size_t>(end - close.ptr)) != ")" ||
      type.precision < 1 || type.precision > max_decimal_precision || type.scale > type.precision) {
    return std::nullopt;
  }
  return type;
}

}  // namespace

std::size_t value_width(Layout layout) {
  switch (layout) {
    case Layout::boolean:
      return 1;
    case Layout::int16:
      return 2;
    case Layout::int32:
    case Layout::uint32:
    case Layout::float32:
    case Layout::date:
      return 4;
    case Layout::int64:
    case Layout::uint64:
    case Layout::float64:
    case Layout::time:
    case Layout::timestamp:
    case Layout::timestamp_tz:
      return 8;
    case Layout::decimal:
    case Layout::uuid:
    case Layout::time_tz:
    case Layout::interval:
      return 16;
    case Layout::utf8:
    case Layout::json:
    case Layout::binary:
      return 0;
  }
  return 0;
}

std::string to_string(PhysicalType type) {
  for (const auto& [layout, name] : names) {
    if (layout != type.layout) continue;
    if (layout == Layout::decimal) return fmt::format("decimal({},{})", type.precision, type.scale);
    return std::string(name);
  }
  return "utf8";
}

PhysicalType parse_physical_type(const std::string& name) {
  for (const auto& [layout, known] : names) {
    if (layout != Layout::decimal && name == known) return {layout};
  }
  if (const auto decimal = parse_decimal(name)) return *decimal;
  throw Error(ErrorKind::internal, "unknown physical type \"" + name + "\" in the destination's state");
}

}  // namespace walbrook
