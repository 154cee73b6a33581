// Shows a run on a terminal.
#pragma once

#include <memory>

#include "cli/progress/progress.h"

namespace walbrook::cli {

// Redraws in place on stderr. Log lines are kept above the drawn area. REQUIRES: stderr is a terminal.
[[nodiscard]] std::unique_ptr<Progress> make_bar_progress();

}  // namespace walbrook::cli
