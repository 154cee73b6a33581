// A copy that cannot be made now although nothing is wrong with its table: the server is short of locks, slots,
// connections or disk, a transaction that the snapshot waits for does not end, or the spool has no room for the changes
// that wait for the copy.
//
// Its table goes back to `pending` with the reason, the others continue, and the copy is ordered again after a while.
// While it is pending its changes are dropped: the snapshot that is still to be taken holds them, and nothing gathers
// in the spool. A run without --follow ends with the table pending once it has tried for long enough;
// the next run copies it.
#pragma once

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/remedy.h"

namespace walbrook::replication {

// What the table copier says of it.
struct CannotCopyNow {
  std::string reason;   // for the table's record, without the table's name
  Remedy remedy;        // empty = none is known
  bool waited = false;  // long enough already: a run without --follow leaves the table to the next one
};

// What the table sync keeps of it, as long as the process lives.
struct Postponement {
  Remedy remedy;
  int times = 0;          // in a row
  SteadyTime again_at{};  // the copy is ordered again then
  bool given_up = false;  // by a run without --follow: nothing is ordered again
};

inline constexpr int postponed_at_most = 4;  // by a run without --follow: 1 + 2 + 4 s
inline constexpr milliseconds first_postponement{1'000};
inline constexpr milliseconds longest_postponement{60'000};

[[nodiscard]] inline Postponement postponed(const Postponement* before, const CannotCopyNow& why, bool follow,
                                            SteadyTime now) {
  Postponement next{.remedy = why.remedy, .times = before == nullptr ? 1 : before->times + 1};
  auto wait = first_postponement;
  for (int i = 1; i < next.times && wait < longest_postponement; ++i) wait *= 2;
  next.again_at = now + std::min(wait, longest_postponement);
  next.given_up = !follow && (why.waited || next.times >= postponed_at_most);
  return next;
}

[[nodiscard]] inline bool is_due(const Postponement& postponement, SteadyTime now) {
  return !postponement.given_up && now >= postponement.again_at;
}

}  // namespace walbrook::replication
