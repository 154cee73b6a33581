#include "api/run_progress.h"

#include <spdlog/spdlog.h>

namespace walbrook::api {

void RunProgress::report(const Progress& progress) {
  if (!callback_ || failure_) return;
  const destination::CalledFrom caller(caller_);
  try {
    callback_(progress);
  } catch (...) {
    failure_ = std::current_exception();
    stop_.request_stop();
  }
}

void RunProgress::prepared(const std::string& line) {
  spdlog::info("{}", line);
}

void RunProgress::waiting_for(const std::vector<postgres::OpenWriter>& writers) {
  const std::lock_guard lock(mutex_);
  for (const auto& writer : writers) report({.event = Progress::Event::waiting, .table = {}, .text = writer.what});
}

void RunProgress::copy_started(const std::string& table, std::int64_t estimated_rows,
                               std::int64_t /*estimated_bytes*/) {
  const std::lock_guard lock(mutex_);
  report({.event = Progress::Event::copy_started, .table = table, .estimated_rows = estimated_rows, .text = {}});
}

void RunProgress::copy_advanced(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes) {
  const std::lock_guard lock(mutex_);
  report({.event = Progress::Event::copy_advanced, .table = table, .rows = rows, .bytes = wire_bytes, .text = {}});
}

void RunProgress::copy_finished(const std::string& table, std::uint64_t rows, double seconds) {
  const std::lock_guard lock(mutex_);
  copied_.insert(table);
  report({.event = Progress::Event::copy_finished, .table = table, .rows = rows, .seconds = seconds, .text = {}});
}

void RunProgress::copy_restarted(const std::string& table, const std::string& why) {
  const std::lock_guard lock(mutex_);
  report({.event = Progress::Event::copy_restarted, .table = table, .text = why});
}

void RunProgress::applied(std::uint64_t changes) {
  const std::lock_guard lock(mutex_);
  if (changes == applied_) return;
  applied_ = changes;
  report({.event = Progress::Event::applied, .table = {}, .rows = changes, .text = {}});
}

}  // namespace walbrook::api
