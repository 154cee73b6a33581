// walbrook pipeline NAME sync: a pipeline is picked up on another machine; all that is known of it stands in its
// destination.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int sync_action(const CommandLine& line);

}  // namespace walbrook::cli
