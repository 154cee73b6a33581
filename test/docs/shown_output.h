// What a document shows of a command's output, against what came.
//
// Both sides lose what differs from run to run, so that a document can show a true sample: LSNs, times, durations,
// sizes, rates (which may be missing), PIDs, xids and oids, the server's version, the width of columns, rules and bars.
// Lines of tables that were copied side by side may come in any order. Beyond that "…" in a shown line stands for any
// text, and a line that holds nothing else for any number of lines.
#pragma once

#include <string>

namespace walbrook::test {

// "" where `came` is what `shown` says; otherwise where they part.
[[nodiscard]] std::string difference(const std::string& shown, const std::string& came);

// Whether `came` holds one line after another what `shown` has, with anything before, between and behind.
[[nodiscard]] bool holds(const std::string& came, const std::string& shown);

// What a terminal shows in the end of these bytes: lines that were drawn over are gone.
[[nodiscard]] std::string on_terminal(const std::string& bytes);

}  // namespace walbrook::test
