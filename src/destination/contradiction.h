// Finds state that walbrook cannot have written, for example after a checkpoint was deleted or changed by hand.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "destination/destination.h"

namespace walbrook::destination {

// Returns an Error(destination), with the ways out, if the state that a pipeline found contradicts itself: continuing
// would leave a gap or apply changes twice. nullopt: there is no contradiction. `destination` is its name for people.
[[nodiscard]] std::optional<Error> contradiction(const State& state, const std::string& destination);

}  // namespace walbrook::destination
