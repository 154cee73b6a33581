// walbrook decode: prints what a slot would send, or what a capture holds, message by message. Consumes nothing.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Returns the exit code. Throws Error.
[[nodiscard]] int decode_command(const CommandLine& line);

}  // namespace walbrook::cli
