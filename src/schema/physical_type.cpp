#include "schema/physical_type.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
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
  const std::string_view bare = std::string_view(name).substr(0, name.find('('));
  for (const auto& [layout, known] : names) {
    if (bare != known) continue;
    PhysicalType type{layout};
    if (layout == Layout::decimal && bare.size() < name.size()) {
      const char* begin = name.data() + bare.size() + 1;
      const char* end = name.data() + name.size();
      const auto comma = std::from_chars(begin, end, type.precision);
      if (comma.ptr < end) std::from_chars(comma.ptr + 1, end, type.scale);
    }
    return type;
  }
  throw Error(ErrorKind::internal, "unknown physical type \"" + name + "\" in the destination's state");
}

}  // namespace walbrook
