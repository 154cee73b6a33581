#include "arrow/arrow_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"

namespace walbrook {
namespace {

using Reading = ArrowReading;

[[noreturn]] void refuse(const ArrowColumn& column, const std::string& why) {
  throw Error(ErrorKind::configuration,
              fmt::format("column \"{}\" of the stream (Arrow format \"{}\"): {}", column.path, column.format, why),
              "Cast the column to another type in the stream, or leave it out.", {.column = column.path});
}

PhysicalType physical(Layout layout) {
  return {.layout = layout, .children = {}, .names = {}};
}

// ---- metadata -------------------------------------------------------------------------------------------------------

std::int32_t number_at(const char* bytes) {
  std::int32_t number = 0;
  std::memcpy(&number, bytes, sizeof(number));
  return number;
}

// Returns the value of ARROW:extension:name, or "" if there is none. The block does not contain its own length: it is
// taken to end at a number that is not possible.
std::string extension_name(const char* metadata) {
  if (metadata == nullptr) return {};
  const auto pairs = number_at(metadata);
  const char* at = metadata + sizeof(std::int32_t);
  std::string key;
  for (std::int32_t i = 0; i < pairs; ++i) {
    for (const bool is_value : {false, true}) {
      const auto length = number_at(at);
      if (length < 0) return {};
      at += sizeof(std::int32_t);
      std::string text(at, static_cast<std::size_t>(length));
      at += length;
      if (is_value && key == "ARROW:extension:name") return text;
      key = text;
    }
  }
  return {};
}

// ---- formats --------------------------------------------------------------------------------------------------------

struct PlainFormat {
  std::string_view format;
  Reading reading;
  Layout layout;
  std::int64_t unit = 1;
};
constexpr std::int64_t milli = 1'000;
constexpr std::int64_t micro = 1'000'000;
constexpr std::int64_t nano = 1'000'000'000;
constexpr std::array<PlainFormat, 32> plain_formats = {{
    {"b", Reading::boolean, Layout::boolean},
    {"c", Reading::int8, Layout::int16},
    {"C", Reading::uint8, Layout::int16},
    {"s", Reading::int16, Layout::int16},
    {"S", Reading::uint16, Layout::int32},
    {"i", Reading::int32, Layout::int32},
    {"I", Reading::uint32, Layout::uint32},
    {"l", Reading::int64, Layout::int64},
    {"L", Reading::uint64, Layout::uint64},
    {"e", Reading::float16, Layout::float32},
    {"f", Reading::float32, Layout::float32},
    {"g", Reading::float64, Layout::float64},
    {"u", Reading::bytes32, Layout::utf8},
    {"U", Reading::bytes64, Layout::utf8},
    {"vu", Reading::bytes_view, Layout::utf8},
    {"z", Reading::bytes32, Layout::binary},
    {"Z", Reading::bytes64, Layout::binary},
    {"vz", Reading::bytes_view, Layout::binary},
    {"tdD", Reading::days, Layout::date},
    {"tdm", Reading::date_ms, Layout::date},
    {"tts", Reading::time32, Layout::time, 1},
    {"ttm", Reading::time32, Layout::time, milli},
    {"ttu", Reading::time64, Layout::time, micro},
    {"ttn", Reading::time64, Layout::time, nano},
    {"tDs", Reading::duration, Layout::interval, 1},
    {"tDm", Reading::duration, Layout::interval, milli},
    {"tDu", Reading::duration, Layout::interval, micro},
    {"tDn", Reading::duration, Layout::interval, nano},
    {"tiM", Reading::months, Layout::interval},
    {"tiD", Reading::day_time, Layout::interval},
    {"tin", Reading::month_nano, Layout::interval},
    {"n", Reading::nothing, Layout::utf8},
}};

// Parses numbers separated by commas, and nothing else.
std::optional<std::vector<int>> numbers_of(std::string_view text) {
  std::vector<int> numbers;
  for (;;) {
    int number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{}) return std::nullopt;
    numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return numbers;
    if (!text.starts_with(',')) return std::nullopt;
    text.remove_prefix(1);
  }
}

class SchemaReader {
 public:
  std::vector<ArrowColumn> columns(const ArrowSchema& schema) {
    ArrowColumn whole{.format = schema.format == nullptr ? "" : schema.format};
    if (whole.format != "+s" || schema.dictionary != nullptr) {
      throw Error(ErrorKind::configuration,
                  fmt::format("the stream's schema is \"{}\": the rows of a table are a struct (\"+s\")", whole.format),
                  "Pass a stream of record batches.");
    }
    whole.children = children_of(schema, whole);
    return std::move(whole.children);
  }

 private:
  ArrowColumn read(const ArrowSchema* schema, const std::string& path, int depth) {
    ArrowColumn column{.path = path};
    if (schema == nullptr || schema->release == nullptr || schema->format == nullptr) {
      refuse(column, "its schema is missing or was released");
    }
    column.name = schema->name == nullptr ? "" : schema->name;
    column.format = schema->format;
    if (!is_utf8(column.format)) column.format = "?";
    if (depth > max_type_depth) refuse(column, fmt::format("types can be nested to {}", max_type_depth));
    if (++parts_ > max_type_parts) refuse(column, fmt::format("a table has {} types at most", max_type_parts));
    depth_ = depth;
    if (schema->dictionary != nullptr) {
      read_dictionary(*schema, column);
    } else if (column.format.starts_with('+')) {
      read_nested(*schema, column);
    } else {
      read_plain(column);
      read_extension(*schema, column);
      if (schema->n_children != 0) refuse(column, fmt::format("it has {} children", schema->n_children));
    }
    return column;
  }

  void read_plain(ArrowColumn& column) const {
    const std::string_view format = column.format;
    const auto found = std::ranges::find(plain_formats, format, &PlainFormat::format);
    if (found != plain_formats.end()) {
      column.reading = found->reading;
      column.type = physical(found->layout);
      column.unit = found->unit;
    } else if (format.starts_with("d:")) {
      read_decimal(column);
    } else if (format.starts_with("w:")) {
      const auto numbers = numbers_of(format.substr(2));
      if (!numbers || numbers->size() != 1 || numbers->front() < 0) refuse(column, "it is not a width");
      column.reading = Reading::bytes_fixed;
      column.type = physical(Layout::binary);
      column.width = static_cast<std::size_t>(numbers->front());
    } else if (format.starts_with("ts") && format.size() >= 4 && format[3] == ':') {
      const auto units = std::string_view("smun").find(format[2]);
      if (units == std::string_view::npos) refuse(column, "it is not a unit of time");
      column.reading = Reading::timestamp;
      column.unit = std::array{std::int64_t{1}, milli, micro, nano}.at(units);
      column.type = physical(format.size() == 4 ? Layout::timestamp : Layout::timestamp_tz);
    } else {
      refuse(column, "a type that is not supported");
    }
  }

  static void read_decimal(ArrowColumn& column) {
    const auto numbers = numbers_of(std::string_view(column.format).substr(2));
    if (!numbers || numbers->size() < 2 || numbers->size() > 3) refuse(column, "it is not a decimal");
    const auto bits = numbers->size() == 3 ? numbers->at(2) : 128;
    if (bits != 32 && bits != 64 && bits != 128 && bits != 256) refuse(column, "it is not a decimal");
    int digits = numbers->at(0);
    int scale = numbers->at(1);
    constexpr int most_arrow_digits = 76;
    if (digits < 1 || digits > most_arrow_digits) refuse(column, "it is not a decimal");
    if (scale > max_decimal_precision || scale < -max_decimal_precision) {
      refuse(column, fmt::format("decimals have up to {} digits, after the point and in total", max_decimal_precision));
    }
    column.tens = std::max(-scale, 0);
    digits = std::min(std::max(digits + column.tens, scale), max_decimal_precision);
    scale = std::max(scale, 0);
    column.reading = Reading::decimal;
    column.width = static_cast<std::size_t>(bits) / 8;
    column.type = physical(Layout::decimal);
    column.type.precision = static_cast<std::uint8_t>(digits);
    column.type.scale = static_cast<std::uint8_t>(scale);
  }

  static void read_extension(const ArrowSchema& schema, ArrowColumn& column) {
    const auto extension = extension_name(schema.metadata);
    if (extension == "arrow.opaque")
      refuse(column, "a type of another system (arrow.opaque), which only that one knows");
    if (extension == "arrow.bool8" && column.reading == Reading::int8) {
      column.reading = Reading::bool8;
      column.type = physical(Layout::boolean);
    }
    constexpr std::size_t uuid_bytes = 16;
    if (extension == "arrow.json" && column.type.layout == Layout::utf8) column.type = physical(Layout::json);
    if (extension == "arrow.uuid" && column.reading == Reading::bytes_fixed && column.width == uuid_bytes) {
      column.type = physical(Layout::uuid);
    }
  }

  void read_dictionary(const ArrowSchema& schema, ArrowColumn& column) {
    constexpr std::string_view indexes = "cCsSiIlL";
    const auto which = column.format.size() == 1 ? indexes.find(column.format.front()) : std::string_view::npos;
    if (which == std::string_view::npos) refuse(column, "the indexes of a dictionary are whole numbers");
    column.reading = Reading::dictionary;
    column.width = std::size_t{1} << (which / 2);
    column.is_signed = which % 2 == 0;
    column.children.push_back(read(schema.dictionary, column.path, depth_ + 1));
    column.format += fmt::format(" of {}", column.children.front().format);
    column.type = column.children.front().type;
    if (column.children.front().reading == Reading::nothing) column.reading = Reading::nothing;
  }

  void read_nested(const ArrowSchema& schema, ArrowColumn& column) {
    const auto depth = depth_;
    const std::string_view format = column.format;
    if (format == "+s") {
      column.reading = Reading::structure;
      column.children = children_of(schema, column);
      column.type = physical(Layout::structure);
      for (const auto& child : column.children) {
        column.type.children.push_back(child.type);
        column.type.names.push_back(child.name);
      }
    } else if (format == "+m") {
      column.reading = Reading::map;
      read_entries(schema, column, depth);
    } else {
      column.reading = list_reading(column);
      if (schema.n_children != 1 || schema.children == nullptr) refuse(column, "a list has one child");
      column.children.push_back(read(schema.children[0], column.path + "[]", depth + 1));
      column.type = physical(Layout::list);
      column.type.children.push_back(column.children.front().type);
    }
    for (const auto& child : column.children) {
      if (child.reading == Reading::nothing) refuse(child, "a part of a value needs a type");
    }
  }

  static Reading list_reading(ArrowColumn& column) {
    const std::string_view format = column.format;
    if (format == "+l") return Reading::list32;
    if (format == "+L") return Reading::list64;
    if (format == "+vl") return Reading::list_view32;
    if (format == "+vL") return Reading::list_view64;
    const auto numbers = format.starts_with("+w:") ? numbers_of(format.substr(3)) : std::nullopt;
    if (!numbers || numbers->size() != 1 || numbers->front() < 0) refuse(column, "a type that is not supported");
    column.width = static_cast<std::size_t>(numbers->front());
    return Reading::list_fixed;
  }

  // Reads a map's entries: one child, a struct of key and value.
  void read_entries(const ArrowSchema& schema, ArrowColumn& column, int depth) {
    const auto* entries = schema.n_children == 1 && schema.children != nullptr ? schema.children[0] : nullptr;
    if (entries == nullptr || entries->release == nullptr || entries->format == nullptr ||
        std::string_view(entries->format) != "+s" || entries->n_children != 2 || entries->children == nullptr) {
      refuse(column, "a map has one child, a struct of key and value");
    }
    column.type = physical(Layout::map);
    for (const auto* part : {".key", ".value"}) {
      const auto at = column.children.size();
      column.children.push_back(read(entries->children[at], column.path + part, depth + 2));
      column.type.children.push_back(column.children.back().type);
    }
  }

  // Reads the children of a struct, or the columns of the table.
  std::vector<ArrowColumn> children_of(const ArrowSchema& schema, const ArrowColumn& of) {
    const auto depth = depth_;
    const bool is_table = of.path.empty();
    if (schema.n_children < 1 || schema.children == nullptr) {
      if (!is_table) refuse(of, "a structure without fields");
      throw Error(ErrorKind::configuration, "the stream has no columns", "A table needs one at least.");
    }
    if (schema.n_children > max_type_parts) {
      throw Error(ErrorKind::configuration, fmt::format("the stream has {} columns, and at most {} are accepted",
                                                        schema.n_children, max_type_parts));
    }
    std::vector<ArrowColumn> children;
    for (std::int64_t i = 0; i < schema.n_children; ++i) {
      const auto* child = schema.children[i];
      std::string name = child == nullptr || child->name == nullptr ? "" : child->name;
      const auto position = fmt::format("number {}", i + 1);
      if (name.empty() || !is_utf8(name)) name.clear();
      const auto path = (is_table ? "" : of.path + ".") + (name.empty() ? position : name);
      children.push_back(read(child, path, is_table ? 0 : depth + 1));
      if (name.empty()) refuse(children.back(), "a column needs a name, in UTF-8");
      const auto same = [&name](const ArrowColumn& other) { return other.name == name; };
      if (std::ranges::count_if(children, same) > 1) refuse(children.back(), "there are two of that name");
    }
    return children;
  }

  int depth_ = 0;  // depth of the type that is being read
  int parts_ = 0;
};

}  // namespace

std::vector<ArrowColumn> read_arrow_schema(const ArrowSchema& schema) {
  return SchemaReader().columns(schema);
}

}  // namespace walbrook
