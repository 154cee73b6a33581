// walbrook resync: has tables copied again, by the run that holds the destination or by the next one.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int resync_command(const CommandLine& line);

}  // namespace walbrook::cli
