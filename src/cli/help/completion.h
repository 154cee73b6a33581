// walbrook completion and walbrook man: what the command knows of itself, for shells and for man(1).
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int completion_command(const CommandLine& line);
[[nodiscard]] int man_command(const CommandLine& line);

}  // namespace walbrook::cli
