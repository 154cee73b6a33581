// A thread of a run sleeps at its doorbell until it is woken: any thread rings, one thread waits.
//
// A ring that comes while no thread waits is kept, so that the next wait returns at once. Interleaving: the loader
// finds the queue empty; the receiver pushes and rings; the loader begins to wait, and returns at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/clock.h"

namespace walbrook::replication {

class Doorbell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    changed_.notify_one();
  }
  // Returns when the bell is rung, at once if it was rung since the last wait, or at `until`. SteadyTime::max() means
  // that no time ends the wait.
  void wait_until(SteadyTime until) {
    std::unique_lock lock(mutex_);
    const auto is_rung = [this] { return rung_; };
    if (until == SteadyTime::max()) {
      changed_.wait(lock, is_rung);
    } else {
      changed_.wait_until(lock, until, is_rung);
    }
    rung_ = false;
  }

 private:
  std::mutex mutex_;  // guards rung_
  std::condition_variable changed_;
  bool rung_ = false;
};

}  // namespace walbrook::replication
