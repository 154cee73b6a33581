// walbrook compact: replaces the changes in files by the current state of their tables.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int compact_command(const CommandLine& line);

}  // namespace walbrook::cli
