// Which version of pgoutput's protocol a stream is asked for in: the same rules for a run and for a look at a slot.
#pragma once

#include <optional>

#include "postgres/slot/slot.h"

namespace walbrook::postgres {

// `asked`, or the newest version that the server has where that is 0. Throws Error(configuration) where the server is
// too old for it.
[[nodiscard]] int choose_protocol(const Connection& connection, int asked);
// Throws Error(source_not_ready) where the slot decodes prepared transactions, which it does for good, and the protocol
// has no messages for them (they came with version 3).
void check_carries_prepared(const std::optional<SlotState>& slot, int protocol);

}  // namespace walbrook::postgres
