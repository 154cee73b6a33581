// Manual pages in the roff of man(7), made from the command's own definitions. Everything that is not ASCII is escaped.
#pragma once

#include <string>
#include <vector>

#include "cli/help/command_words.h"

namespace walbrook::cli {

// walbrook(1): all commands, and every setting of the configuration.
[[nodiscard]] std::string main_manual(const std::vector<CommandWords>& commands);
// walbrook-run(1) …
[[nodiscard]] std::string command_manual(const CommandWords& command);

}  // namespace walbrook::cli
