// From what was given on the command line to what a command works with: flags over environment over files.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/command_line.h"
#include "cli/flags.h"

namespace walbrook::cli {

// Reads the configuration of the current folder, or of --project, which becomes the current one. Throws
// Error(configuration).
[[nodiscard]] CommandLine to_command_line(const CommandEntry& entry, const Flags& flags);

}  // namespace walbrook::cli
