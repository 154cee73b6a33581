// walbrook pipeline NAME drop: tables of a pipeline, or all of it.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int drop_action(const CommandLine& line);

}  // namespace walbrook::cli
