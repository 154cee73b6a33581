// Chooses the version of pgoutput's protocol for a stream. A run and a peek at a slot follow the same rules.
#pragma once

#include <optional>

#include "postgres/slot/slot.h"

namespace walbrook::postgres {

// Returns `asked`, or if that is 0 the newest version that the server supports. Throws Error(configuration) if the
// server is too old for it.
[[nodiscard]] int choose_protocol(const Connection& connection, int asked);
// Throws Error(source_not_ready) if the slot decodes prepared transactions, which cannot be undone, and the protocol
// has no messages for them (version 3 introduced them).
void check_carries_prepared(const std::optional<SlotState>& slot, int protocol);

}  // namespace walbrook::postgres
