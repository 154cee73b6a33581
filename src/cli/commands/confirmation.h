// What cannot be taken back is asked about first.
#pragma once

#include <string>

namespace walbrook::cli {

// True where `yes` was said beforehand (--yes) or the terminal answers so. Throws Error(configuration) where there is
// neither.
[[nodiscard]] bool is_confirmed(const std::string& question, bool yes);

}  // namespace walbrook::cli
