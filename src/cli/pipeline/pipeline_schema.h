// The target tables with their columns, types and keys, for programs. People get the destination's own statements
// (StoredState::definitions).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "destination/stored_state.h"

namespace walbrook::cli {

// {"pipeline", "checkpoint", "tables": [{"table", "source", "state", "columns"}]}; source tables without a target table
// are left out.
[[nodiscard]] std::string schema_json(const destination::StoredPipeline& pipeline,
                                      const std::vector<destination::StoredTable>& tables);

// The source's columns of each table as they were at the moment, for people or as {"at", "tables": [{"table",
// "since_lsn", "since", "columns": [{"name", "type", "key"}]}]}.
[[nodiscard]] std::string schema_at(const std::vector<destination::StoredSchemaVersion>& versions,
                                    const PipelineMoment& at, bool json);
// How tables and columns have changed since the moment, or from the start: a line for each change, or {"changes":
// [{"table", "column", "change", "since_lsn", "at"}]}.
[[nodiscard]] std::string schema_diff(const std::vector<destination::StoredSchemaVersion>& versions,
                                      const std::optional<PipelineMoment>& since, bool json);

}  // namespace walbrook::cli
