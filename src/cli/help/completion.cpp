#include "cli/help/completion.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/help/command_words.h"
#include "cli/help/completion_script.h"
#include "cli/terminal.h"

namespace walbrook::cli {
namespace {

// Completion prints no errors.
std::string pipeline_names() {
  std::string text;
  try {
    const auto settings = config::Configuration::read();
    for (const auto& name : settings.pipelines()) text += name + "\n";
  } catch (const Error&) {
    return {};
  }
  return text;
}

std::string command_names() {
  std::string text;
  for (const auto& command : command_words()) text += command.name + "\n";
  return text;
}

}  // namespace

int completion_command(const CommandLine& line) {
  const auto& shell = line.shell;
  if (shell == "pipelines") {
    write_result(pipeline_names());
  } else if (shell == "commands") {
    write_result(command_names());
  } else if (shell == "bash") {
    write_result(bash_completion(command_words()));
  } else if (shell == "zsh") {
    write_result(zsh_completion(command_words()));
  } else if (shell == "fish") {
    write_result(fish_completion(command_words()));
  } else {
    throw Error(ErrorKind::configuration, fmt::format("unknown shell \"{}\"", printable(shell)),
                "Known: bash, zsh, fish.");
  }
  return 0;
}

}  // namespace walbrook::cli
