// walbrook pipeline NAME sync: restores a pipeline's configuration on another machine from what its destination stores.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int sync_action(const CommandLine& line);

}  // namespace walbrook::cli
