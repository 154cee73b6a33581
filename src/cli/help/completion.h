// walbrook completion: prints completion scripts and words for shells.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int completion_command(const CommandLine& line);

}  // namespace walbrook::cli
