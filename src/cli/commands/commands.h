// The commands, one file each. They return the exit code and throw Error.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

[[nodiscard]] int run_command(const CommandLine& line);
[[nodiscard]] int check_command(const CommandLine& line);
[[nodiscard]] int status_command(const CommandLine& line);
[[nodiscard]] int resync_command(const CommandLine& line);
[[nodiscard]] int sql_command(const CommandLine& line);
[[nodiscard]] int decode_command(const CommandLine& line);
[[nodiscard]] int config_command(const CommandLine& line);
[[nodiscard]] int init_command(const CommandLine& line);
[[nodiscard]] int pipeline_command(const CommandLine& line);
[[nodiscard]] int completion_command(const CommandLine& line);
[[nodiscard]] int man_command(const CommandLine& line);

}  // namespace walbrook::cli
