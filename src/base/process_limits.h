// What the system denies this process: memory, threads, the size of a file.
#pragma once

#include <exception>
#include <string>

#include "base/error.h"

namespace walbrook {

// What no code expected, as Error(internal). Where memory or threads ran out, the limits of this process that may be
// the cause are named.
[[nodiscard]] Error unexpected_error(const std::exception& error);

// What to do about a lack of memory or threads, as a sentence; "" where this process has no such limit.
[[nodiscard]] std::string memory_limit_advice();
// The same of a write that failed with EFBIG.
[[nodiscard]] std::string file_size_advice();

}  // namespace walbrook
