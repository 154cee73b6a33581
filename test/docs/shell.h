// A shell that somebody sits at: commands go in one by one, and what each writes is what a terminal would show.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "test/support/process.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

struct ShellResult {
  int exit_code = 0;
  std::string shown;  // both outputs, as the terminal has them in the end
};

class Shell {
 public:
  // `folder` is where it starts and must outlive it; its own files lie in `files`.
  Shell(const std::filesystem::path& folder, const std::filesystem::path& files, const Environment& env);
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  ~Shell();  // ends what still runs in the background

  // Variables, functions and the folder stay for the next one. One that ends with "&" runs on, and writes to
  // `background` in the shell's files. Throws std::runtime_error when it takes longer.
  ShellResult run(const std::string& commands, std::chrono::seconds limit = std::chrono::seconds(120));
  [[nodiscard]] std::filesystem::path background() const { return files_ / "background"; }

 private:
  [[nodiscard]] std::string take_shown();

  std::filesystem::path files_;
  int terminal_ = -1;  // our end of a pseudo-terminal
  int far_end_ = -1;   // kept open, so that ours does not end with each command
  std::string terminal_name_;
  int commands_ = -1;
  std::unique_ptr<Process> bash_;
};

}  // namespace walbrook::test
