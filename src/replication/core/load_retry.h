// Loads that fail are tried again, each time after a longer wait.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/lsn.h"
#include "replication/core/next.h"

namespace walbrook::replication {

class LoadRetry {
 public:
  // `retries`: how often in a row.
  explicit LoadRetry(int retries) : retries_(retries) {}

  [[nodiscard]] bool is_due(Now now) const { return now.steady >= retry_at_; }
  [[nodiscard]] Wait wait() const { return {.until = retry_at_, .what = Awaited::retry}; }
  void succeeded() { attempts_ = 0; }
  // A load failed: from now on it waits. Throws where it failed too often; `checkpoint` is what is durable.
  void failed(const Error& why, Now now, Lsn checkpoint);

 private:
  int retries_;
  int attempts_ = 0;  // in a row
  SteadyTime retry_at_{};
};

}  // namespace walbrook::replication
