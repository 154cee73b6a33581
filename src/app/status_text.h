// A run's status, or what the last run left, for people and for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/run.h"

namespace walbrook::app {

// Rows of each table of a status, where they can be counted.
using RowCounts = std::vector<std::optional<std::uint64_t>>;

[[nodiscard]] std::string status_text(const pipeline::RunStatus& status, const RowCounts& rows);
// The wire form with "rows" in each table.
[[nodiscard]] std::string status_json(const pipeline::RunStatus& status, const RowCounts& rows);

}  // namespace walbrook::app
