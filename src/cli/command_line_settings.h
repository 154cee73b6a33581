// Turns flags, environment and configuration files into the settings of a command. Flags take precedence over the
// environment, and the environment over files.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/command_line.h"
#include "cli/flags.h"

namespace walbrook::cli {

// Reads the configuration of the current folder. With --project, that folder becomes the current one first. Throws
// Error(configuration).
[[nodiscard]] CommandLine to_command_line(const CommandEntry& entry, const Flags& flags);

}  // namespace walbrook::cli
