// Waits for what a process logs.
#pragma once

#include <string>

#include "test/support/process.h"

namespace walbrook::test {

// Returns true as soon as the process has written `words` to stderr; false if it has not within 20 s.
[[nodiscard]] inline bool tells(Process& process, const std::string& words) {
  return eventually([&] { return process.err().find(words) != std::string::npos; }, milliseconds(20'000));
}

}  // namespace walbrook::test
