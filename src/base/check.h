// Invariants that stay on in release: where one does not hold, the run ends before anything wrong becomes durable.
//
//   WALBROOK_CHECK(lsn >= durable_, "the durable LSN would go back from {} to {}", durable_.to_string(), …);
//
// A broken invariant throws Error(internal), with the condition, its place and the message, and does not abort:
// walbrook is a library in other people's processes as well, and unwinding rolls the destination's transaction back, so
// that nothing of it is confirmed to the source. Nobody tries again after such an error.
//
// The condition is evaluated once in every build, the message only where it does not hold. REQUIRES: neither a
// destructor nor a noexcept function checks by it.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace walbrook {

// `condition`: as it is written in the source. `file`: as the compiler names it.
[[noreturn]] void fail_check(std::string_view condition, std::string_view file, int line, const std::string& message);

}  // namespace walbrook

#define WALBROOK_CHECK(condition, ...)                                                    \
  do {                                                                                    \
    if (!(condition)) [[unlikely]]                                                        \
      ::walbrook::fail_check(#condition, __FILE__, __LINE__, ::fmt::format(__VA_ARGS__)); \
  } while (false)
