// walbrook run: copies new tables and applies every committed change.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int run_command(const CommandLine& line);

}  // namespace walbrook::cli
