// The wait between attempts of a load that fails, or of anything else that needs a destination which is away. It grows
// with each failure in a row.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/lsn.h"
#include "replication/core/next.h"

namespace walbrook::replication {

class LoadRetry {
 public:
  // `retries` is the number of attempts in a row after the first one.
  explicit LoadRetry(int retries) : retries_(retries) {}

  [[nodiscard]] bool is_due(Now now) const { return now.steady >= retry_at_; }
  [[nodiscard]] Wait wait() const { return {.until = retry_at_, .what = Awaited::retry}; }
  void succeeded() { attempts_ = failed_ = 0; }
  // Notes that a load failed: is_due() is false until the wait is over. Throws `why`, with what to do, if loads failed
  // too often in a row; `checkpoint` is what is durable.
  void failed(const Error& why, Now now, Lsn checkpoint);
  // The same for a destination that cannot be reached and that the run waits for: there is no last attempt, and none of
  // those that `retries` allows is used up.
  void unreachable(const Error& why, Now now);

 private:
  void wait_after(const Error& why, Now now);

  int retries_;
  int attempts_ = 0;  // attempts in a row that were followed by a wait
  int failed_ = 0;    // those of them that count
  SteadyTime retry_at_{};
};

}  // namespace walbrook::replication
