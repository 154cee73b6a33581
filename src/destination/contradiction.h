// State that cannot have been written by walbrook, as after a checkpoint was deleted or changed by hand.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "destination/destination.h"

namespace walbrook::destination {

// What contradicts itself in the state that a pipeline found in `destination` (its name, for people): to continue would
// leave a gap, or apply twice. An Error(destination) with the ways out; nullopt: nothing.
[[nodiscard]] std::optional<Error> contradiction(const State& state, const std::string& destination);

}  // namespace walbrook::destination
