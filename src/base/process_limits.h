// Limits that the system sets for this process: memory, threads, the size of a file.
#pragma once

#include <exception>
#include <string>

#include "base/error.h"

namespace walbrook {

// Returns an unexpected exception as Error(internal). If memory or threads ran out, it names the limits of this process
// that may be the cause.
[[nodiscard]] Error unexpected_error(const std::exception& error);

// Returns a sentence about what to do if memory or threads ran out; "" if this process has no such limit.
[[nodiscard]] std::string memory_limit_advice();
// Returns a sentence about what to do after a write that failed with EFBIG.
[[nodiscard]] std::string file_size_advice();

}  // namespace walbrook
