// Time as the state machines see it: handed in, never asked for, so that a test or a simulator can turn the clock.
#pragma once

#include <chrono>

namespace walbrook {

using SteadyTime = std::chrono::steady_clock::time_point;  // for intervals and backoff
using WallTime = std::chrono::system_clock::time_point;    // for what is shown and stored
using std::chrono::milliseconds;

}  // namespace walbrook
