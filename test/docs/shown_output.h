// Compares the output that a document shows with a command's real output.
//
// What differs from run to run is removed from both sides, so that a document can show a true sample: LSNs, times,
// durations, sizes, rates (which may be missing), PIDs, xids and oids, the server's version, the width of columns,
// rules and bars. Lines of tables that were copied at the same time may come in any order. In a shown line "…" matches
// any text, and a line that consists of "…" matches any number of lines.
#pragma once

#include <string>

namespace walbrook::test {

// Returns "" if `came` matches `shown`; otherwise where they differ.
[[nodiscard]] std::string difference(const std::string& shown, const std::string& came);

// Returns whether `came` contains the lines of `shown` in order, with anything before, between and after them.
[[nodiscard]] bool holds(const std::string& came, const std::string& shown);

// Returns what a terminal finally shows of these bytes, without lines that were drawn over.
[[nodiscard]] std::string on_terminal(const std::string& bytes);

}  // namespace walbrook::test
