// The server is short of something: connections, slots, locks, memory or disk (SQLSTATE class 53).
// https://www.postgresql.org/docs/current/errcodes-appendix.html
#pragma once

#include <string_view>

#include "base/error.h"

namespace walbrook::postgres {

// Returns whether the server is short of something. The request is valid then, and may succeed later or with less at a
// time.
[[nodiscard]] inline bool is_shortage(const Error& failed) {
  return failed.facts().sqlstate.starts_with("53");
}

// Returns whether the lock table is full or the server is out of memory (one SQLSTATE for both). Fewer workers need
// less.
[[nodiscard]] inline bool is_shortage_of_memory(const Error& failed) {
  return failed.facts().sqlstate == "53200";
}

}  // namespace walbrook::postgres
