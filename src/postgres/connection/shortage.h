// The server is short of something: connections, slots, locks, memory or disk (SQLSTATE class 53).
// https://www.postgresql.org/docs/current/errcodes-appendix.html
#pragma once

#include <string_view>

#include "base/error.h"

namespace walbrook::postgres {

// What was asked for is sound and may work later, or with less at a time.
[[nodiscard]] inline bool is_shortage(const Error& failed) {
  return failed.facts().sqlstate.starts_with("53");
}

// The lock table is full, or the server's memory (one SQLSTATE for both): fewer workers need less of it.
[[nodiscard]] inline bool is_shortage_of_memory(const Error& failed) {
  return failed.facts().sqlstate == "53200";
}

}  // namespace walbrook::postgres
