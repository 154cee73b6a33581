// What `walbrook decode` was asked for: flags that fit a slot, flags that fit a capture, and what excludes each other.
#pragma once

#include "cli/command_line.h"
#include "cli/flags.h"

namespace walbrook::cli {

// Of `decode` alone; `line.run` is filled in before.
void read_decode_options(const CLI::App& app, const Flags& flags, CommandLine& line);

}  // namespace walbrook::cli
