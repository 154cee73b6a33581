// Reports a run in a log.
#pragma once

#include <memory>

#include "cli/progress/progress.h"

namespace walbrook::cli {

// Logs a line every few seconds for each running copy, and every ten seconds for the stream.
[[nodiscard]] std::unique_ptr<Progress> make_line_progress();

}  // namespace walbrook::cli
