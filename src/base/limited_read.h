// What others hand over as a file: read with an end in bytes and in time, because it may be a FIFO that nobody writes
// to, or a device without an end. Any thread.
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
  std::string text;           // what came, `bytes` at most
  std::string failure;        // "": all of it was read. Else why not, without the file's name: "Permission denied"
  bool is_truncated = false;  // there is more than `bytes`
};

[[nodiscard]] LimitedRead read_limited(const std::string& path, ReadLimits limits);

}  // namespace walbrook
