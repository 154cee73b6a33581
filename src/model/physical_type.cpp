#include "model/physical_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/quoting.h"

namespace walbrook {
namespace {

constexpr std::array<std::pair<Layout, std::string_view>, 23> names = {{{Layout::boolean, "boolean"},
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
                                                                        {Layout::interval, "interval"},
                                                                        {Layout::bit, "bit"},
                                                                        {Layout::list, "list"},
                                                                        {Layout::structure, "structure"},
                                                                        {Layout::map, "map"}}};

// Parses the text that to_string writes.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text), rest_(text) {}

  PhysicalType whole() {
    auto type = read(0);
    if (!rest_.empty()) fail();
    return type;
  }

 private:
  PhysicalType read(int depth) {
    if (depth > max_type_depth) fail();
    PhysicalType type{layout()};
    read_parts(type, depth);
    if (take(" as ")) type.native = quoted_name();
    return type;
  }
  void read_parts(PhysicalType& type, int depth) {
    switch (type.layout) {
      case Layout::decimal:
        expect("(");
        type.precision = number();
        expect(",");
        type.scale = number();
        expect(")");
        if (type.precision < 1 || type.precision > max_decimal_precision || type.scale > type.precision) fail();
        break;
      case Layout::list:
        expect("(");
        type.children.push_back(read(depth + 1));
        expect(")");
        break;
      case Layout::map:
        expect("(");
        type.children.push_back(read(depth + 1));
        expect(", ");
        type.children.push_back(read(depth + 1));
        expect(")");
        break;
      case Layout::structure:
        read_fields(type, depth);
        break;
      default:
        break;
    }
  }
  void read_fields(PhysicalType& type, int depth) {
    expect("(");
    do {
      type.names.push_back(quoted_name());
      expect(" ");
      type.children.push_back(read(depth + 1));
    } while (take(", "));
    expect(")");
  }
  Layout layout() {
    const auto word = rest_.substr(0, rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"));
    for (const auto& [layout, name] : names) {
      if (word != name) continue;
      rest_.remove_prefix(word.size());
      return layout;
    }
    fail();
  }
  std::uint8_t number() {
    std::uint8_t value = 0;
    const auto [stopped, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) fail();
    rest_.remove_prefix(static_cast<std::size_t>(stopped - rest_.data()));
    return value;
  }
  std::string quoted_name() {
    std::string name;
    expect("\"");
    for (;;) {
      const auto end = rest_.find('"');
      if (end == std::string_view::npos) fail();
      name.append(rest_.substr(0, end));
      rest_.remove_prefix(end + 1);
      if (!take("\"")) return name;
      name += '"';
    }
  }
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) fail();
  }
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::internal, fmt::format("unknown physical type \"{}\" in the destination's state", text_));
  }

  std::string_view text_;
  std::string_view rest_;
};

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
    case Layout::bit:
    case Layout::list:
    case Layout::structure:
    case Layout::map:
      return 0;
  }
  return 0;
}

bool is_variable_width(Layout layout) {
  return layout == Layout::utf8 || layout == Layout::json || layout == Layout::binary || layout == Layout::bit;
}

bool is_nested(Layout layout) {
  return layout == Layout::list || layout == Layout::structure || layout == Layout::map;
}

bool operator==(const PhysicalType& a, const PhysicalType& b) {
  return a.layout == b.layout && a.precision == b.precision && a.scale == b.scale && a.children == b.children &&
         a.names == b.names && a.native == b.native;
}

std::string to_string(const PhysicalType& type) {
  std::string out;
  for (const auto& [layout, name] : names) {
    if (layout == type.layout) out = name;
  }
  if (!type.native.empty()) {
    auto plain = type;
    plain.native.clear();
    return fmt::format("{} as {}", to_string(plain), quote_identifier(type.native));
  }
  if (type.layout == Layout::decimal) return fmt::format("{}({},{})", out, type.precision, type.scale);
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    out += i == 0 ? "(" : ", ";
    if (!type.names.empty()) out += quote_identifier(type.names[i]) + " ";
    out += to_string(type.children[i]);
  }
  return type.children.empty() ? out : out + ")";
}

PhysicalType parse_physical_type(const std::string& name) {
  return TypeReader(name).whole();
}

bool can_hold(const ValueLimits& limits, const PhysicalType& type) {
  switch (type.layout) {
    case Layout::bit:
      return limits.bit;
    case Layout::interval:
      return limits.interval;
    case Layout::time_tz:
      return limits.time_tz;
    default:
      return std::ranges::all_of(type.children,
                                 [&limits](const PhysicalType& child) { return can_hold(limits, child); });
  }
}

}  // namespace walbrook
