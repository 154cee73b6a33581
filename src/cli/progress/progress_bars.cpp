#include "cli/progress/progress_bars.h"

#include <fmt/format.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "cli/progress/running_progress.h"
#include "cli/terminal.h"

namespace walbrook::cli {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(100);
constexpr std::size_t least_name_columns = 12;
constexpr std::size_t lines_kept_free = 2;  // of the terminal's height: a live area that scrolls cannot be redrawn

// Lines at the end of the terminal that are redrawn. Not thread-safe.
class LiveArea {
 public:
  void draw(const std::vector<std::string>& lines) {
    std::string out = up();
    for (const auto& line : lines) out += line + "\x1b[K\n";
    write_message(out + "\x1b[J");
    drawn_ = lines.size();
  }
  void erase() {
    if (drawn_ == 0) return;
    write_message(up() + "\x1b[J");
    drawn_ = 0;
  }

 private:
  [[nodiscard]] std::string up() const { return drawn_ == 0 ? "\r" : fmt::format("\r\x1b[{}A", drawn_); }
  std::size_t drawn_ = 0;
};

class BarProgress;

// Prints log lines above the live area.
class AboveLive : public spdlog::sinks::sink {
 public:
  AboveLive(BarProgress& progress, std::vector<spdlog::sink_ptr> behind)
      : progress_(progress), behind_(std::move(behind)) {}
  void log(const spdlog::details::log_msg& message) override;
  void flush() override {
    for (const auto& each : behind_) each->flush();
  }
  void set_pattern(const std::string& pattern) override {
    for (const auto& each : behind_) each->set_pattern(pattern);
  }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    for (const auto& each : behind_) each->set_formatter(formatter->clone());
  }
  [[nodiscard]] const std::vector<spdlog::sink_ptr>& behind() const { return behind_; }

 private:
  BarProgress& progress_;
  std::vector<spdlog::sink_ptr> behind_;
};

class BarProgress : public RunningProgress {
 public:
  BarProgress() : logger_(spdlog::default_logger()) {
    sink_ = std::make_shared<AboveLive>(*this, logger_->sinks());
    logger_->sinks() = {sink_};
  }
  BarProgress(const BarProgress&) = delete;
  BarProgress& operator=(const BarProgress&) = delete;
  ~BarProgress() override {
    finish();
    logger_->sinks() = sink_->behind();
  }

  void finish() override {
    RunningProgress::finish();
    const std::lock_guard lock(mutex_);
    live_.erase();
  }

  // `print` may write whole lines to stderr.
  template <class Print>
  void above(const Print& print) {
    const std::lock_guard lock(mutex_);
    live_.erase();
    print();
  }

  void copy_finished(const std::string& table, std::uint64_t rows, double seconds) override {
    const std::lock_guard lock(mutex_);
    const auto copy = copies_.finish(table);
    if (!copy) return;
    live_.erase();
    const auto columns = columns_of(STDERR_FILENO) - 1;
    write_message(finished_line(*copy, rows, seconds, name_columns_, columns, terminal_glyphs()) + "\n");
  }

 private:
  void show(const std::string& text) override {
    live_.erase();
    write_message(printable_lines(text) + "\n");
  }

  void tell(const std::stop_token& stop) override {
    do {
      const auto told = status();
      const std::lock_guard lock(mutex_);
      for (const auto& table : told.tables) {
        const auto name = printable(short_name(table.schema + "." + table.name));
        name_columns_ = std::max(name_columns_, display_width(name));
      }
      live_.draw(lines(told));
    } while (sleep_until(std::chrono::steady_clock::now() + redraw_interval, stop));
  }

  std::vector<std::string> lines(const replication::RunStatus& status) const {
    const std::size_t columns = columns_of(STDERR_FILENO) - 1;
    const std::size_t most = std::max<std::size_t>(lines_of(STDERR_FILENO), lines_kept_free + 2) - lines_kept_free;
    std::vector<std::string> shown;
    for (const auto& copy : copies_) {
      if (shown.size() + 1 >= most) break;
      shown.push_back(bar_line(copy, name_columns_, columns, terminal_glyphs()));
    }
    if (const auto since = waiting_.since()) {
      const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - *since;
      shown.push_back(fmt::format("waiting for {:.0f} s", waited.count()));
    } else if (copies_.empty() && status.checkpoint.is_set()) {
      const bool between = status.phase == replication::Phase::copying;
      shown.push_back(shortened(between ? "preparing the next copy" : status_line(status), columns));
    }
    return shown;
  }

  std::shared_ptr<spdlog::logger> logger_;
  std::shared_ptr<AboveLive> sink_;
  // Guarded by mutex_, like the terminal.
  LiveArea live_;
  std::size_t name_columns_ = least_name_columns;
};

void AboveLive::log(const spdlog::details::log_msg& message) {
  progress_.above([&] {
    for (const auto& each : behind_) {
      each->log(message);
      each->flush();
    }
  });
}

}  // namespace

std::unique_ptr<Progress> make_bar_progress() {
  return std::make_unique<BarProgress>();
}

}  // namespace walbrook::cli
