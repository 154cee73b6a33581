// What preflight found, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "source/preflight.h"

namespace walbrook::app {

// ✓ ! ✗ or · before each finding, what mends it on the lines below; then a line that counts errors and warnings.
[[nodiscard]] std::string findings_text(const std::vector<source::Finding>& findings, bool colour);
// [{"severity", "topic", "what", "mend"}]
[[nodiscard]] std::string findings_json(const std::vector<source::Finding>& findings);

}  // namespace walbrook::app
