// walbrook status: what the run that holds the destination is doing, or what the last one left in it.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int status_command(const CommandLine& line);

}  // namespace walbrook::cli
