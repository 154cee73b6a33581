// walbrook init: creates a project folder to be filled in.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int init_command(const CommandLine& line);

}  // namespace walbrook::cli
