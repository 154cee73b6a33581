// A run's status, or what the last run left, for people.
#pragma once

#include <string>

#include "pipeline/run.h"

namespace walbrook::app {

[[nodiscard]] std::string status_text(const pipeline::RunStatus& status);

}  // namespace walbrook::app
