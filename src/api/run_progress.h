// Passes the engine's observations on to the program's callback.
#pragma once

#include <exception>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "replication/runtime/run.h"
#include "walbrook/progress.h"

namespace walbrook::api {

class RunProgress final : public replication::RunObserver {
 public:
  // Borrows the callback, which must outlive this object; it is called on the run's threads. An exception that it
  // throws is kept, and the run is asked to stop. REQUIRES: the thread that runs the pipeline constructs this object.
  RunProgress(const ProgressCallback& callback, std::stop_source stop) : callback_(callback), stop_(std::move(stop)) {}

  void prepared(const std::string& line) override;
  void waiting_for(const std::vector<postgres::OpenWriter>& writers) override;
  void copy_started(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes) override;
  void copy_advanced(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes) override;
  void copy_finished(const std::string& table, std::uint64_t rows, double seconds) override;
  void copy_restarted(const std::string& table, const std::string& why) override;
  void applied(std::uint64_t changes);

  // REQUIRES: the run has ended.
  [[nodiscard]] const std::set<std::string>& copied() const { return copied_; }
  [[nodiscard]] std::exception_ptr failure() const { return failure_; }

 private:
  void report(const Progress& progress);

  const ProgressCallback& callback_;
  std::stop_source stop_;
  std::thread::id caller_ = std::this_thread::get_id();
  std::mutex mutex_;  // guards what follows, and allows one call at a time
  std::set<std::string> copied_;
  std::uint64_t applied_ = 0;
  std::exception_ptr failure_;
};

}  // namespace walbrook::api
