// walbrook pipeline: shows what a pipeline left in its destination.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int pipeline_command(const CommandLine& line);

}  // namespace walbrook::cli
