// Descriptors 0, 1 and 2 are standard input, output and error for every library of the process, whatever was opened
// there.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace walbrook {

// Opens /dev/null where one of the three is closed, so that no database file and no socket gets its number: what
// somebody prints would be written into it. Such a descriptor answers as a closed one does, with EBADF: 0 cannot be
// read, 1 and 2 cannot be written. It stays open, because whoever holds the number may open files later. Called before
// this process opens anything, by the command at its start and by the library before a database file or a connection.
// Any thread.
void occupy_standard_descriptors() noexcept;

// The descriptor, 1 or 2, whose output goes into `file` (`2>> shop.duckdb`).
[[nodiscard]] std::optional<int> output_into(const std::string& file) noexcept;
// What refuses to open `file` then: Error(destination).
[[nodiscard]] Error output_error(const std::string& file, int descriptor);
// What is written there from now on is lost.
void silence(int descriptor) noexcept;

}  // namespace walbrook
