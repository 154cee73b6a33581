// walbrook check: reports everything that would make a run fail, each with its hint.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int check_command(const CommandLine& line);

}  // namespace walbrook::cli
