// A run in a log.
#pragma once

#include <memory>

#include "cli/progress/progress.h"

namespace walbrook::cli {

// A line every few seconds for each running copy, and of the stream every ten, through the log.
[[nodiscard]] std::unique_ptr<Progress> make_line_progress();

}  // namespace walbrook::cli
