// Asks for confirmation before an action that cannot be undone.
#pragma once

#include <string>

namespace walbrook::cli {

// Returns true if `yes` is set (--yes) or the terminal's user confirms. Throws Error(configuration) if `yes` is not set
// and there is no terminal.
[[nodiscard]] bool is_confirmed(const std::string& question, bool yes);

}  // namespace walbrook::cli
