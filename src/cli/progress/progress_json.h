// Reports a run to a program.
#pragma once

#include <memory>

#include "cli/progress/progress.h"

namespace walbrook::cli {

// Prints {"event": "prepared" | "waiting" | "copy_started" | "copy_advanced" | "copy_finished" | "copy_restarted" |
// "status", …}.
[[nodiscard]] std::unique_ptr<Progress> make_json_progress();

}  // namespace walbrook::cli
