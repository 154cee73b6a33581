// What bars and lines have in common: the copies that are under way, whom they wait for, and a thread that tells of
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

// A derived class calls `finish` in its destructor: the thread uses what it has.
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
  // What the thread does until it is to stop.
  virtual void tell(const std::stop_token& stop) = 0;
  // One or more lines, which stay. REQUIRES: mutex_ is held.
  virtual void show(const std::string& text) = 0;
  // False: it is to stop.
  [[nodiscard]] static bool sleep_until(SteadyTime time, const std::stop_token& stop);
  [[nodiscard]] replication::RunStatus status() const { return status_(); }

  std::mutex mutex_;  // guards all below but the thread
  RunningCopies copies_;
  WaitingSet waiting_;

 private:
  std::function<replication::RunStatus()> status_;
  std::jthread thread_;
};

}  // namespace walbrook::cli
