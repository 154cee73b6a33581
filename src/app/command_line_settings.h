// From what was given on the command line to what a command works with: flags over environment over files.
#pragma once

#include "app/command_line.h"
#include "app/flags.h"

namespace walbrook::app {

// Reads the configuration of the current folder, or of --project, which becomes the current one. Throws
// Error(configuration).
[[nodiscard]] CommandLine to_command_line(const CommandEntry& entry, const Flags& flags);

// Of `decode` alone; `line.run` is filled in before.
void read_decode_options(const CLI::App& app, const Flags& flags, CommandLine& line);

}  // namespace walbrook::app
