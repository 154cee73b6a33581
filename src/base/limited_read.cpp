#include "base/limited_read.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace walbrook {
namespace {

using std::chrono::steady_clock;

std::chrono::milliseconds time_until(steady_clock::time_point deadline) {
  return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now()),
                  std::chrono::milliseconds(0));
}

// Returns false if nothing came before the deadline. A FIFO that has no writer yet is not ready for reading (Linux,
// poll(2)), but read() would return its end.
bool wait_for_bytes(int descriptor, steady_clock::time_point deadline) {
  pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
  while (true) {
    const int ready = ::poll(&waiting, 1, static_cast<int>(time_until(deadline).count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

void read_all(int descriptor, ReadLimits limits, LimitedRead& read) {
  const auto deadline = steady_clock::now() + limits.time;
  std::array<char, 16384> part{};
  while (true) {
    if (!wait_for_bytes(descriptor, deadline)) {
      read.failure = "nothing arrived within " + short_duration(std::chrono::duration<double>(limits.time).count());
      return;
    }
    const auto got = ::read(descriptor, part.data(), part.size());
    if (got == 0) return;
    if (got < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      read.failure = std::strerror(errno);
      return;
    }
    read.text.append(part.data(), static_cast<std::size_t>(got));
    if (read.text.size() > limits.bytes) {
      read.text.resize(limits.bytes);
      read.is_truncated = true;
      read.failure = fmt::format("it holds more than {} bytes", limits.bytes);
      return;
    }
  }
}

}  // namespace

LimitedRead read_limited(const std::string& path, ReadLimits limits) {
  LimitedRead read;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) {
    read.failure = std::strerror(errno);
    return read;
  }
  read_all(descriptor, limits, read);
  ::close(descriptor);
  return read;
}

}  // namespace walbrook
