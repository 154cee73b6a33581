// The common part of bars and lines: the copies in progress, the writers that they wait for, and a thread that reports
// both.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "cli/progress/progress.h"
#include "cli/progress/progress_text.h"

namespace walbrook::cli {

// REQUIRES: a derived class calls `finish` in its destructor, because the thread uses its members.
class RunningProgress : public Progress {
 public:
  void begin(std::function<replication::RunStatus()> status) final;
  void finish() override { thread_ = {}; }

  void prepared(const std::string& line) final;
  void waiting_for(const std::vector<postgres::OpenWriter>& writers) final;
  void copy_started(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes) final;
  void copy_advanced(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes) final;
  void copy_restarted(const std::string& table, const std::string& why) final;

 protected:
  // The body of the thread. Returns once `stop` is requested.
  virtual void tell(const std::stop_token& stop) = 0;
  // Prints one or more lines that are not erased again. REQUIRES: mutex_ is held.
  virtual void show(const std::string& text) = 0;
  // Returns false if `stop` was requested.
  [[nodiscard]] static bool sleep_until(SteadyTime time, const std::stop_token& stop);
  [[nodiscard]] replication::RunStatus status() const { return status_(); }

  std::mutex mutex_;  // guards the members below except thread_
  RunningCopies copies_;
  WaitingSet waiting_;

 private:
  std::function<replication::RunStatus()> status_;
  std::jthread thread_;
};

}  // namespace walbrook::cli
