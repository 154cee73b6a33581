#include "test/four_ways/column_type.h"

#include <fmt/format.h>

namespace walbrook::test {
namespace {

constexpr unsigned null_part_percent = 10;  // of elements and attributes

// Quoted as in an array, a composite or a range.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

std::string elements(const ColumnType& element, std::size_t count, Random& random, Extent extent) {
  std::string out = "{";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out.push_back(element.delimiter);
    out += random.chance(null_part_percent) ? "NULL" : quoted(element.value(random, extent));
  }
  return out + "}";
}

std::string array(const ColumnType& element, Random& random, Extent extent) {
  const auto count = random.below(5);
  if (extent == Extent::held || count == 0 || random.chance(80)) return elements(element, count, random, extent);
  if (random.chance(50)) {
    const int lower = static_cast<int>(random.below(5)) - 2;
    return fmt::format("[{}:{}]={}", lower, lower + static_cast<int>(count) - 1,
                       elements(element, count, random, extent));
  }
  std::string out = "{";
  const auto rows = random.between(1, 3);
  for (std::size_t i = 0; i < rows; ++i) {
    if (i > 0) out.push_back(element.delimiter);
    out += elements(element, count, random, extent);
  }
  return out + "}";
}

std::string range(const Bounds& bounds, Random& random) {
  if (random.chance(5)) return "empty";
  const auto [lower, upper] = bounds(random);
  return (random.chance(50) ? "[" : "(") + (random.chance(10) ? "" : quoted(lower)) + "," +
         (random.chance(10) ? "" : quoted(upper)) + (random.chance(50) ? "]" : ")");
}

}  // namespace

ColumnType array_of(const ColumnType& element) {
  return {.sql = element.sql + "[]",
          .value = [element](Random& random, Extent extent) { return array(element, random, extent); },
          .binary = element.binary,
          .nested = true,
          .delimiter = element.delimiter};
}

ColumnType composite_of(const std::string& name, const std::vector<ColumnType>& attributes) {
  ColumnType type{.sql = name, .binary = true, .nested = true};
  for (const auto& attribute : attributes) type.binary = type.binary && attribute.binary;
  type.value = [attributes](Random& random, Extent extent) {
    std::string out = "(";
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      if (i > 0) out.push_back(',');
      if (!random.chance(null_part_percent)) out += quoted(attributes[i].value(random, extent));
    }
    return out + ")";
  };
  return type;
}

ColumnType range_of(const std::string& name, const Bounds& bounds) {
  return {.sql = name, .value = [bounds](Random& random, Extent) { return range(bounds, random); }};
}

ColumnType multirange_of(const std::string& name, const Bounds& bounds) {
  return {.sql = name, .value = [bounds](Random& random, Extent) {
            std::string out = "{";
            const auto count = random.below(4);
            for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + range(bounds, random);
            return out + "}";
          }};
}

}  // namespace walbrook::test
