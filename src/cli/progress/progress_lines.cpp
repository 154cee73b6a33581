#include "cli/progress/progress_lines.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/text.h"
#include "cli/progress/running_progress.h"

namespace walbrook::cli {
namespace {

constexpr auto copy_interval = std::chrono::seconds(3);
constexpr auto status_interval = std::chrono::seconds(10);

class LineProgress : public RunningProgress {
 public:
  ~LineProgress() override { finish(); }

  void copy_finished(const std::string& table, std::uint64_t rows, double seconds) override {
    const std::lock_guard lock(mutex_);
    copies_.finish(table);
    spdlog::info("copied {}: {} in {}", table, counted(rows, "row"), short_duration(seconds));
  }

 private:
  void show(const std::string& text) override { spdlog::info("{}", text); }

  void tell(const std::stop_token& stop) override {
    auto next_copies = std::chrono::steady_clock::now() + copy_interval;
    auto next_status = std::chrono::steady_clock::now() + status_interval;
    while (sleep_until(std::min(next_copies, next_status), stop)) {
      const auto now = std::chrono::steady_clock::now();
      const auto told = status();
      const std::lock_guard lock(mutex_);
      if (now >= next_copies) {
        for (const auto& copy : copies_) spdlog::info("{}", copy_line(copy));
        next_copies = now + copy_interval;
      }
      if (now >= next_status) {
        if (copies_.empty() && told.checkpoint.is_set()) spdlog::info("{}", status_line(told));
        next_status = now + status_interval;
      }
    }
  }
};

}  // namespace

std::unique_ptr<Progress> make_line_progress() {
  return std::make_unique<LineProgress>();
}

}  // namespace walbrook::cli
