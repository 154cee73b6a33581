// Invariants that are checked in release builds as well: if one does not hold, the run ends before anything wrong
// becomes durable.
//
//   WALBROOK_CHECK(lsn >= durable_, "the durable LSN would go back from {} to {}", durable_.to_string(), …);
//
// A broken invariant throws Error(internal), with the condition, its place and the message. It does not abort, because
// walbrook is also a library in other programs' processes, and unwinding rolls the destination's transaction back, so
// that nothing of it is confirmed to the source. No caller tries again after such an error.
//
// The condition is evaluated once in every build, the message only if it does not hold. REQUIRES: no destructor and no
// noexcept function uses it.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace walbrook {

// `condition` is its source text, `file` the compiler's name of the file.
[[noreturn]] void fail_check(std::string_view condition, std::string_view file, int line, const std::string& message);

}  // namespace walbrook

#define WALBROOK_CHECK(condition, ...)                                                    \
  do {                                                                                    \
    if (!(condition)) [[unlikely]]                                                        \
      ::walbrook::fail_check(#condition, __FILE__, __LINE__, ::fmt::format(__VA_ARGS__)); \
  } while (false)
