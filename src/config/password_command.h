// The first line that a command prints: password_command. Any thread; the caller's other children are left alone.
#pragma once

#include <chrono>
#include <string>

namespace walbrook::config {

struct CommandOutput {
  std::string text;     // what it printed to stdout
  std::string failure;  // "": it ended with exit code 0. Else what happened, without the command: it may hold a secret
};

// Runs `command` by /bin/sh in a process group of its own, which gets the terminal where stdin is one (it may ask for a
// passphrase). The whole group is killed when `limit` has passed or when more was printed than a password may have.
[[nodiscard]] CommandOutput run_password_command(const std::string& command, std::chrono::milliseconds limit);

}  // namespace walbrook::config
