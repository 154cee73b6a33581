#include "cli/progress/running_progress.h"

#include <fmt/format.h>

#include <condition_variable>
#include <utility>

#include "base/text.h"

namespace walbrook::cli {

void RunningProgress::begin(std::function<replication::RunStatus()> status) {
  status_ = std::move(status);
  thread_ = std::jthread([this](const std::stop_token& stop) { tell(stop); });
}

bool RunningProgress::sleep_until(SteadyTime time, const std::stop_token& stop) {
  std::mutex waiting;
  std::condition_variable_any wake;
  std::unique_lock lock(waiting);
  wake.wait_until(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void RunningProgress::prepared(const std::string& line) {
  const std::lock_guard lock(mutex_);
  waiting_.over();
  show(line);
}

void RunningProgress::waiting_for(const std::vector<postgres::OpenWriter>& writers) {
  const std::lock_guard lock(mutex_);
  if (waiting_.changed(writers) && !writers.empty()) show(printable(waiting_line(writers)));
}

void RunningProgress::copy_started(const std::string& table, std::int64_t estimated_rows,
                                   std::int64_t estimated_bytes) {
  const std::lock_guard lock(mutex_);
  waiting_.over();
  copies_.start(table, estimated_rows, estimated_bytes);
}

void RunningProgress::copy_advanced(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes) {
  const std::lock_guard lock(mutex_);
  copies_.advance(table, rows, wire_bytes);
}

void RunningProgress::copy_restarted(const std::string& table, const std::string& why) {
  const std::lock_guard lock(mutex_);
  show(fmt::format("{} is copied again: {}", table, why));
}

}  // namespace walbrook::cli
