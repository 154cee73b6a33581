// walbrook config: every setting, its value, and where it was said.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int config_command(const CommandLine& line);

}  // namespace walbrook::cli
