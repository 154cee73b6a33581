// The options of `walbrook decode`: some are for slots, some for captures, and some exclude each other.
#pragma once

#include "cli/command_line.h"
#include "cli/flags.h"

namespace walbrook::cli {

// Fills the options that only `decode` has. REQUIRES: `line.run` is filled in. Throws Error(configuration).
void read_decode_options(const CLI::App& app, const Flags& flags, CommandLine& line);

}  // namespace walbrook::cli
