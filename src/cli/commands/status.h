// walbrook status: shows the status of the run that holds the destination, or what the last run left in it.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int status_command(const CommandLine& line);

}  // namespace walbrook::cli
