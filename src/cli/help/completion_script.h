// Generates scripts that complete walbrook's command line, from its own definitions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/help/command_words.h"

namespace walbrook::cli {

inline constexpr std::string_view completion_shells = "bash|zsh|fish";

// The scripts call `walbrook completion pipelines` for the names of the folder's pipelines.
[[nodiscard]] std::string bash_completion(const std::vector<CommandWords>& commands);
[[nodiscard]] std::string zsh_completion(const std::vector<CommandWords>& commands);
[[nodiscard]] std::string fish_completion(const std::vector<CommandWords>& commands);

}  // namespace walbrook::cli
