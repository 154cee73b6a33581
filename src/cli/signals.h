// SIGINT and SIGTERM: the first asks the run to stop, the second ends the process at once.
#pragma once

#include <mutex>
#include <stop_token>
#include <thread>

#include "base/clock.h"

namespace walbrook::cli {

// Constructed before any other thread, which inherit that these signals are blocked. Until `hand_to` was called a
// signal ends the process as if nobody caught it: nothing has begun yet.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  void hand_to(std::stop_source run);

 private:
  void watch();
  void received(int signal);

  int signals_ = -1;  // signalfd
  int end_ = -1;      // eventfd: the destructor wakes the thread
  std::mutex mutex_;  // guards run_
  std::stop_source run_{std::nostopstate};
  SteadyTime first_;  // when the run was asked to stop
  std::thread thread_;
};

}  // namespace walbrook::cli
