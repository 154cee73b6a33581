// An interactive shell: commands are entered one by one, and the output of each is what a terminal would show.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "test/support/process.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

struct ShellResult {
  int exit_code = 0;
  std::string shown;  // both outputs, as the terminal finally shows them
};

class Shell {
 public:
  // `folder` is where the shell starts; it must outlive the shell. The shell's own files are in `files`.
  Shell(const std::filesystem::path& folder, const std::filesystem::path& files, const Environment& env);
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  ~Shell();  // ends what still runs in the background

  // Runs commands. Variables, functions and the current folder are kept for the next call. A command that ends with "&"
  // goes on and writes to `background` in the shell's files. Throws std::runtime_error if `limit` is exceeded.
  ShellResult run(const std::string& commands, std::chrono::seconds limit = std::chrono::seconds(120));
  [[nodiscard]] std::filesystem::path background() const { return files_ / "background"; }

 private:
  [[nodiscard]] std::string take_shown();

  std::filesystem::path files_;
  int terminal_ = -1;  // this end of a pseudo-terminal
  int far_end_ = -1;   // kept open, so that the terminal does not close with each command
  std::string terminal_name_;
  int commands_ = -1;
  std::unique_ptr<Process> bash_;
};

}  // namespace walbrook::test
