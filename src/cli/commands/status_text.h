// A run's status, or what the last run left, for people and for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "replication/runtime/run.h"

namespace walbrook::cli {

// Rows of each table of a status, where they can be counted.
using RowCounts = std::vector<std::optional<std::uint64_t>>;

// `holder`: the pipeline whose run holds the file, where it is another one than the status is of.
[[nodiscard]] std::string status_text(const replication::RunStatus& status, const RowCounts& rows,
                                      const std::string& holder = {});
// The wire form with "rows" in each table, and "held_by" where there is a `holder`.
[[nodiscard]] std::string status_json(const replication::RunStatus& status, const RowCounts& rows,
                                      const std::string& holder = {});

}  // namespace walbrook::cli
