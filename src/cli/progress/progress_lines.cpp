#include "cli/progress/progress_lines.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "cli/progress/progress_text.h"

namespace walbrook::cli {
namespace {

constexpr auto copy_interval = std::chrono::seconds(3);
constexpr auto status_interval = std::chrono::seconds(10);

class LineProgress : public Progress {
 public:
  ~LineProgress() override { finish(); }

  void begin(std::function<replication::RunStatus()> status) override {
    status_ = std::move(status);
    thread_ = std::jthread([this](const std::stop_token& stop) { tell(stop); });
  }
  void finish() override { thread_ = {}; }

  void prepared(const std::string& line) override { spdlog::info("{}", line); }

  void waiting_for(const std::vector<postgres::OpenWriter>& writers) override {
    const std::lock_guard lock(mutex_);
    if (!waiting_.changed(writers)) return;
    if (!writers.empty()) spdlog::info("{}", waiting_line(writers));
  }

  void copy_started(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes) override {
    const std::lock_guard lock(mutex_);
    waiting_.over();
    copies_.start(table, estimated_rows, estimated_bytes);
  }

  void copy_advanced(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes) override {
    const std::lock_guard lock(mutex_);
    copies_.advance(table, rows, wire_bytes);
  }

  void copy_finished(const std::string& table, std::uint64_t rows, double seconds) override {
    const std::lock_guard lock(mutex_);
    copies_.finish(table);
    spdlog::info("copied {}: {} in {}", table, counted(rows, "row"), short_duration(seconds));
  }

  void copy_restarted(const std::string& table, const std::string& why) override {
    spdlog::info("{} is copied again: {}", table, why);
  }

 private:
  void tell(const std::stop_token& stop) {
    auto next_copies = std::chrono::steady_clock::now() + copy_interval;
    auto next_status = std::chrono::steady_clock::now() + status_interval;
    std::mutex waiting;
    std::condition_variable_any wake;
    while (true) {
      std::unique_lock wait_lock(waiting);
      wake.wait_until(wait_lock, stop, std::min(next_copies, next_status), [] { return false; });
      if (stop.stop_requested()) return;
      const auto now = std::chrono::steady_clock::now();
      const auto status = status_();
      const std::lock_guard lock(mutex_);
      if (now >= next_copies) {
        for (const auto& copy : copies_) spdlog::info("{}", copy_line(copy));
        next_copies = now + copy_interval;
      }
      if (now >= next_status) {
        if (copies_.empty() && status.checkpoint.is_set()) spdlog::info("{}", status_line(status));
        next_status = now + status_interval;
      }
    }
  }

  std::function<replication::RunStatus()> status_;
  std::mutex mutex_;  // guards all below
  RunningCopies copies_;
  WaitingSet waiting_;
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Progress> make_line_progress() {
  return std::make_unique<LineProgress>();
}

}  // namespace walbrook::cli
