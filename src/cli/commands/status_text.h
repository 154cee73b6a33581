// Formats a run's status, or what the last run left, for people and for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "replication/runtime/run.h"

namespace walbrook::cli {

// The row count of each table of a status; nullopt where rows cannot be counted.
using RowCounts = std::vector<std::optional<std::uint64_t>>;

// `holder`: the pipeline whose run holds the file, if it is not the pipeline of the status.
[[nodiscard]] std::string status_text(const replication::RunStatus& status, const RowCounts& rows,
                                      const std::string& holder = {});
// The wire form, with "rows" in each table, and "held_by" if there is a `holder`.
[[nodiscard]] std::string status_json(const replication::RunStatus& status, const RowCounts& rows,
                                      const std::string& holder = {});

}  // namespace walbrook::cli
