// A slot from which a pipeline cannot go on.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "postgres/slot/slot.h"

namespace walbrook::postgres {

// Why changes from `checkpoint` on cannot be read from this slot: it is missing although there is a checkpoint,
// physical, of another plugin or database, temporary, invalidated, or ahead of the checkpoint (the server would then go
// on from the slot's position and leave a gap without a word). nullopt when they can. An active slot is no error.
[[nodiscard]] std::optional<Error> slot_error(const std::optional<SlotState>& slot, const std::string& name,
                                              const std::string& database, Lsn checkpoint);

}  // namespace walbrook::postgres
