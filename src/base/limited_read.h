// Reads a file from others with a limit of bytes and of time, because it may be a FIFO without a writer, or a device
// without an end. Any thread may call it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace walbrook {

struct ReadLimits {
  std::size_t bytes = 0;
  std::chrono::milliseconds time{};
};

struct LimitedRead {
  std::string text;           // what was read, at most `bytes`
  std::string failure;        // "" = it was read whole; otherwise why not, without the file's name: "Permission denied"
  bool is_truncated = false;  // the file has more than `bytes`
};

[[nodiscard]] LimitedRead read_limited(const std::string& path, ReadLimits limits);

}  // namespace walbrook
