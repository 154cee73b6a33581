#include "cli/commands/confirmation.h"

#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "cli/terminal.h"

namespace walbrook::cli {

bool is_confirmed(const std::string& question, bool yes) {
  if (yes) return true;
  if (isatty(STDIN_FILENO) == 0) {
    throw Error(ErrorKind::configuration, "there is no terminal to ask for confirmation, so nothing is dropped",
                "Confirm with --yes: " + question);
  }
  write_message(question + " [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return true;
  write_message("nothing was dropped\n");
  return false;
}

}  // namespace walbrook::cli
