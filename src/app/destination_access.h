// The destination as the commands come to it: by a run that holds it, or by the file itself.
#pragma once

#include <optional>

#include "base/error.h"
#include "destination/destination.h"
#include "source/preflight.h"

namespace walbrook::app {

// Somebody else holds it now: to be tried again, where waiting was asked for.
[[nodiscard]] bool is_locked(const Error& error);

struct DestinationCheck {
  std::vector<source::Finding> findings;
  std::optional<destination::Checkpoint> checkpoint;
};
// Creates and changes nothing.
[[nodiscard]] DestinationCheck check_destination(const destination::DestinationOptions& options);

}  // namespace walbrook::app
