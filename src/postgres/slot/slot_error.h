// Whether changes can be read from a slot.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "postgres/slot/slot.h"

namespace walbrook::postgres {

// Returns why changes from `checkpoint` on cannot be read from this slot, or nullopt if they can. They cannot if the
// slot is missing although there is a checkpoint, if it is physical, temporary or invalidated, if it belongs to another
// plugin or database, or if it is ahead of the checkpoint. (In the last case the server would start at the slot's
// position and silently leave a gap.) An active slot is not an error.
[[nodiscard]] std::optional<Error> slot_error(const std::optional<SlotState>& slot, const std::string& name,
                                              const std::string& database, Lsn checkpoint);

}  // namespace walbrook::postgres
