// A run on a terminal.
#pragma once

#include <memory>

#include "cli/progress/progress.h"

namespace walbrook::cli {

// Redraws in place on stderr, which must be a terminal. Log lines are kept above what is drawn.
[[nodiscard]] std::unique_ptr<Progress> make_bar_progress();

}  // namespace walbrook::cli
