// The type of a column, with random values of it as text for the type's input function.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "test/sim/seeded.h"

namespace walbrook::test {

using sim::Random;

// Which values of a type are wanted.
enum class Extent {
  held,  // those that the type's column in DuckDB holds (docs/types.md)
  any,   // also those that go to the overflow column
};

struct ColumnType {
  std::string sql;                                    // as CREATE TABLE names it
  std::function<std::string(Random&, Extent)> value;  // text that the type's input function accepts
  bool binary = false;                                // walbrook reads the type's binary form
  // Values are taken apart. Only the text form can be read if a part goes to the overflow column.
  bool nested = false;
  char delimiter = ',';  // between its values in an array; arrays and domains have that of their type
};

// A lower and an upper bound as text, in this order for the subtype's operator class.
using Bounds = std::function<std::pair<std::string, std::string>(Random&)>;

[[nodiscard]] ColumnType array_of(const ColumnType& element);
[[nodiscard]] ColumnType composite_of(const std::string& name, const std::vector<ColumnType>& attributes);
[[nodiscard]] ColumnType range_of(const std::string& name, const Bounds& bounds);
[[nodiscard]] ColumnType multirange_of(const std::string& name, const Bounds& bounds);

}  // namespace walbrook::test
