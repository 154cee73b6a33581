// walbrook sql: runs one read-only statement, answered by the run that holds the destination or from the file itself.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int sql_command(const CommandLine& line);

}  // namespace walbrook::cli
