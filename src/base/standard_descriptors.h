// Descriptors 0, 1 and 2 are standard input, output and error for every library in the process, whatever was opened
// with these numbers.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace walbrook {

// Opens /dev/null in place of a closed one of the three, so that no database file and no socket gets its number: output
// of any library would be written into it. Such a descriptor behaves like a closed one, with EBADF: 0 cannot be read, 1
// and 2 cannot be written. It stays open, because files may be opened at any later time. REQUIRES: it is called before
// this process opens anything, by the command at its start and by the library before a database file or a connection.
// Any thread may call it.
void occupy_standard_descriptors() noexcept;

// Returns the descriptor, 1 or 2, whose output goes into `file` (`2>> shop.duckdb`).
[[nodiscard]] std::optional<int> output_into(const std::string& file) noexcept;
// Returns the Error(destination) with which `file` is then refused.
[[nodiscard]] Error output_error(const std::string& file, int descriptor);
// Discards everything that is written to the descriptor from now on.
void silence(int descriptor) noexcept;

}  // namespace walbrook
