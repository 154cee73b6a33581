// The part of the preflight that checks the slot.
#pragma once

#include <optional>

#include "postgres/preflight/findings.h"
#include "postgres/slot/slot.h"

namespace walbrook::postgres {

// Checks whether the slot can be read from the request's checkpoint, how long it lives without a reader, and whether
// standbys can synchronize it. `slot` is nullopt if a run will create it.
void check_slot(Connection& catalog, const PreflightRequest& request, const std::optional<SlotState>& slot,
                Findings& found);

}  // namespace walbrook::postgres
