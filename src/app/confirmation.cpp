#include "app/confirmation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "base/error.h"

namespace walbrook::app {

bool is_confirmed(const std::string& question, bool yes) {
  if (yes) return true;
  if (isatty(STDIN_FILENO) == 0) {
    throw Error(ErrorKind::configuration, "there is no terminal to ask on, so nothing is dropped",
                "--yes says that it is meant: " + question);
  }
  fmt::print(stderr, "{} [y/N] ", question);
  std::fflush(stderr);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return true;
  fmt::print(stderr, "nothing was dropped\n");
  return false;
}

}  // namespace walbrook::app
