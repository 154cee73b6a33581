// Edge values of every layout.
#pragma once

#include <string>
#include <vector>

#include "test/contract/rows.h"

namespace walbrook::contract {

struct Sample {
  Cell value;
  std::string text;  // as DuckDB prints it
};
struct LayoutCase {
  std::string name;
  PhysicalType type;
  std::vector<Sample> samples;
};

[[nodiscard]] std::vector<LayoutCase> layout_cases();

}  // namespace walbrook::contract
