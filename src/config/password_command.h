// Runs the setting password_command. Any thread may do so; the caller's other children are not touched.
#pragma once

#include <chrono>
#include <string>

namespace walbrook::config {

struct CommandOutput {
  std::string text;     // what it printed to stdout
  std::string failure;  // "" = exit code 0; otherwise what happened, without the command, which may hold a secret
};

// Runs `command` with /bin/sh in its own process group, which gets the terminal if stdin is one (the command may ask
// for a passphrase). The whole group is killed when `limit` has passed, or when more was printed than a password may
// have.
[[nodiscard]] CommandOutput run_password_command(const std::string& command, std::chrono::milliseconds limit);

}  // namespace walbrook::config
