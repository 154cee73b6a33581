// walbrook pipeline NAME drop: drops tables of a pipeline, or the whole pipeline.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int drop_action(const CommandLine& line);

}  // namespace walbrook::cli
