// Checks whether a destination can take a stream of prepared transactions.
#pragma once

#include <optional>
#include <string>

#include "destination/capabilities.h"
#include "postgres/slot/slot.h"

namespace walbrook::replication {

// The server sends a prepared transaction once, at its PREPARE: a destination in which it cannot wait for its COMMIT
// PREPARED would lose it. `wanted` is --two-phase. `slot` is the slot that is to be read, if there is one; it may have
// the option already. Throws Error(configuration), which names the destination by `name`.
void check_keeps_prepared(bool wanted, const std::optional<postgres::SlotState>& slot,
                          const destination::Capabilities& capabilities, const std::string& name);

}  // namespace walbrook::replication
