// Compares the target tables and their columns before and after a run.
#pragma once

#include <vector>

#include "destination/destination.h"
#include "walbrook/load_info.h"

namespace walbrook::api {

[[nodiscard]] std::vector<SchemaChange> schema_changes(const std::vector<destination::OutputRecord>& before,
                                                       const std::vector<destination::OutputRecord>& now,
                                                       const destination::Destination& destination);

}  // namespace walbrook::api
