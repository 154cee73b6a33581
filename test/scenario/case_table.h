// docs/tested-cases.md: which scenario runs on which servers and into which destinations.
#pragma once

#include <string>
#include <vector>

#include "test/scenario/scenario_file.h"

namespace walbrook::test {

[[nodiscard]] std::string case_table(const std::vector<Scenario>& scenarios, const std::vector<int>& servers);

}  // namespace walbrook::test
