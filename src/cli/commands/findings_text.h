// Formats preflight findings for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "postgres/preflight/preflight.h"

namespace walbrook::cli {

// Puts ✓ ! ✗ or · before each finding and its hint on the lines below; the last line counts errors and warnings.
[[nodiscard]] std::string findings_text(const std::vector<postgres::Finding>& findings, bool colour);
// [{"severity", "topic", "what", "hint"}]
[[nodiscard]] std::string findings_json(const std::vector<postgres::Finding>& findings);

}  // namespace walbrook::cli
