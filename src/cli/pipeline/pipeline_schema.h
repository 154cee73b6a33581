// The target tables with their columns, types and keys, for programs. People get the destination's own statements
// (StoredState::definitions).
#pragma once

#include <string>
#include <vector>

#include "destination/stored_state.h"

namespace walbrook::cli {

// {"pipeline", "checkpoint", "tables": [{"table", "source", "state", "columns"}]}; source tables without a target table
// are left out.
[[nodiscard]] std::string schema_json(const destination::StoredPipeline& pipeline,
                                      const std::vector<destination::StoredTable>& tables);

}  // namespace walbrook::cli
