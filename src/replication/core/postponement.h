// A postponed copy: it cannot be made now although nothing is wrong with its table. The server is short of locks,
// slots, connections or disk, a transaction that the snapshot waits for does not end, or the spool has no room for the
// changes that wait for the copy.
//
// The table goes back to `pending` with the reason (TableCopies::postpone, after a CopyResult of that kind or for a
// full spool), the others continue, and the copy is ordered again after a wait. While the table is pending its changes
// are dropped: the snapshot that is still to be taken holds them, and nothing gathers in the spool. The state and the
// reason are durable; the wait is not, so that a new run orders the copy at once. A run without --follow ends with the
// table pending once it has tried for long enough; the next run copies it.
#pragma once

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/remedy.h"

namespace walbrook::replication {

// Why a copy cannot be made now, as the table copier reports it.
struct CannotCopyNow {
  std::string reason;   // for the table's record, without the table's name
  Remedy remedy;        // empty = none is known
  bool waited = false;  // it was waited for long enough: a run without --follow leaves the table to the next run
};

// What a run keeps of a postponed copy, in memory only.
struct Postponement {
  Remedy remedy;
  int times = 0;          // postponements in a row
  SteadyTime again_at{};  // when the copy is ordered again
  bool given_up = false;  // a run without --follow orders nothing again
};

inline constexpr int postponed_at_most = 4;  // limit of a run without --follow; its waits are 1 + 2 + 4 s
inline constexpr milliseconds first_postponement{1'000};
inline constexpr milliseconds longest_postponement{60'000};

// The postponement that follows `before` (nullptr: none). The wait doubles each time.
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
