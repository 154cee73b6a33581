#include "postgres/connection/failure_consequence.h"

#include <algorithm>
#include <array>

namespace walbrook::postgres {
namespace {

// https://www.postgresql.org/docs/current/errcodes-appendix.html
constexpr auto all_classes = [] {
  using enum Consequence;
  return std::array{
      FailureClass{"the server is unreachable: refused, no route, unknown host, silence, a broken connection", "08",
                   wait, wait, copy},
      FailureClass{"the server starts, recovers or shuts down; an administrator ended the session", "57P", wait, wait,
                   copy},
      FailureClass{"a timeout of the server ended an idle session", "25P03 25P04 57P05", wait, wait, copy},
      FailureClass{"too many connections", "53300", wait, wait, copy},
      FailureClass{"out of disk, memory or locks", "53", end, wait, copy},
      FailureClass{"a canceled statement; a deadlock or a lock that was not available; a server that became a standby",
                   "57014 40 55P03 25006", end, wait, copy},
      FailureClass{"authentication: password, pg_hba.conf, unknown role", "28", end, wait, copy},
      FailureClass{"no such database", "3D000 57P04", end, wait, copy},
      FailureClass{"a privilege that the role lacks", "42501", end, wait, table},
      FailureClass{"TLS: certificates, a server without it; a secret that cannot be read", "", end, wait, copy},
      FailureClass{"another server, a lost slot, a publication that was dropped", "", end, end, end},
      FailureClass{"everything else", "", end, end, table},
  };
}();
enum ClassIndex : std::size_t {
  no_server = 0,
  not_authenticated = 6,
  own_side = 9,
  own_checks = 10,
  anything_else = 11
};
static_assert(all_classes.size() == anything_else + 1);

const FailureClass* class_of_state(std::string_view state) {
  const FailureClass* found = nullptr;
  std::size_t matched = 0;
  for (const auto& each : all_classes) {
    auto rest = each.sqlstates;
    while (!rest.empty()) {
      const auto prefix = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), prefix.size() + 1));
      if (!state.starts_with(prefix) || prefix.size() <= matched) continue;
      found = &each;
      matched = prefix.size();
    }
  }
  return found;
}

const FailureClass& class_of(const Error& failed, Asked asked) {
  const auto kind = failed.kind();
  const auto& state = failed.facts().sqlstate;
  if (!state.empty()) {
    if (const auto* found = class_of_state(state)) return *found;
    // A connection that broke may have reported it by any SQLSTATE.
    return all_classes[kind == ErrorKind::connection ? no_server : anything_else];
  }
  if (kind == ErrorKind::connection) return all_classes[no_server];
  if (asked == Asked::connection) {
    if (kind == ErrorKind::permission_denied)
      return all_classes[not_authenticated];  // from libpq itself: no password supplied
    if (kind == ErrorKind::source_not_ready || kind == ErrorKind::configuration) return all_classes[own_side];
  }
  const bool checks = kind == ErrorKind::source_not_ready || kind == ErrorKind::configuration;
  return all_classes[checks ? own_checks : anything_else];
}

}  // namespace

std::span<const FailureClass> failure_classes() {
  return all_classes;
}

Consequence consequence_of(const Error& failed, Asked asked, bool succeeded_before) {
  const auto& found = class_of(failed, asked);
  if (asked == Asked::copy) return found.of_copy;
  return succeeded_before ? found.after : found.before;
}

}  // namespace walbrook::postgres
