// SIGINT and SIGTERM: the first signal asks the run to stop, the second ends the process at once.
#pragma once

#include <mutex>
#include <stop_token>
#include <thread>

#include "base/clock.h"

namespace walbrook::cli {

// REQUIRES: constructed before any other thread starts; threads inherit that these signals are blocked. Until `hand_to`
// is called, a signal ends the process as if it was not caught, because no work has begun.
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

  int signals_ = -1;  // a signalfd
  int end_ = -1;      // an eventfd: the destructor wakes the thread
  std::mutex mutex_;  // guards run_
  std::stop_source run_{std::nostopstate};
  SteadyTime first_;  // when the run was asked to stop
  std::thread thread_;
};

}  // namespace walbrook::cli
