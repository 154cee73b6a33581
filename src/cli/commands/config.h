// walbrook config: lists every setting with its value and the place that set it.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int config_command(const CommandLine& line);

}  // namespace walbrook::cli
