// Time as the state machines see it: it is passed in, or read from a Clock that a test or a simulation replaces.
#pragma once

#include <chrono>

namespace walbrook {

using SteadyTime = std::chrono::steady_clock::time_point;  // for intervals and backoff
using WallTime = std::chrono::system_clock::time_point;    // for what is shown and stored
using std::chrono::milliseconds;

struct Now {
  SteadyTime steady;
  WallTime wall;
};

// Any thread may call it.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual Now now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Now now() const override {
    return {.steady = std::chrono::steady_clock::now(), .wall = std::chrono::system_clock::now()};
  }
};

}  // namespace walbrook
