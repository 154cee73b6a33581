#include "cli/progress/progress_json.h"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/pipeline/pipeline_json.h"
#include "cli/progress/progress_text.h"
#include "cli/terminal.h"
#include "serve/local_server.h"
#include "serve/wire_json.h"

namespace walbrook::cli {
namespace {

constexpr auto report_interval = std::chrono::seconds(1);  // per table: copy_advanced comes with every batch
constexpr auto summary_interval = std::chrono::seconds(10);

using nlohmann::ordered_json;

class JsonProgress : public Progress {
 public:
  ~JsonProgress() override { finish(); }

  void begin(std::function<replication::RunStatus()> status) override {
    status_ = std::move(status);
    thread_ = std::jthread([this](const std::stop_token& stop) { report_until(stop); });
  }
  void finish() override { thread_ = {}; }

  void prepared(const std::string& line) override { put({{"event", "prepared"}, {"what", line}}); }

  void waiting_for(const std::vector<postgres::OpenWriter>& writers) override {
    {
      const std::lock_guard lock(mutex_);
      if (!waiting_.changed(writers) || writers.empty()) return;
    }
    ordered_json set = ordered_json::array();
    for (const auto& writer : writers) {
      ordered_json item = {{"pid", writer.pid}, {"what", writer.what}};
      if (writer.pid == 0) item = {{"prepared", writer.prepared_gid}, {"what", writer.what}};
      set.push_back(std::move(item));
    }
    put({{"event", "waiting"}, {"for", set}});
  }

  void copy_started(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.over();
      reported_[table] = std::chrono::steady_clock::now();
    }
    ordered_json event = {{"event", "copy_started"}, {"table", table}, {"estimated_rows", nullptr}};
    if (estimated_rows >= 0) event["estimated_rows"] = estimated_rows;
    event["estimated_bytes"] = estimated_bytes;
    put(event);
  }

  void copy_advanced(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes) override {
    {
      const std::lock_guard lock(mutex_);
      const auto now = std::chrono::steady_clock::now();
      auto& reported = reported_[table];
      if (now - reported < report_interval) return;
      reported = now;
    }
    put({{"event", "copy_advanced"}, {"table", table}, {"rows", rows}, {"wire_bytes", wire_bytes}});
  }

  void copy_finished(const std::string& table, std::uint64_t rows, double seconds) override {
    {
      const std::lock_guard lock(mutex_);
      reported_.erase(table);
    }
    put({{"event", "copy_finished"}, {"table", table}, {"rows", rows}, {"seconds", seconds}});
  }

  void copy_restarted(const std::string& table, const std::string& why) override {
    put({{"event", "copy_restarted"}, {"table", table}, {"why", why}});
  }

 private:
  void report_until(const std::stop_token& stop) {
    std::mutex waiting;
    std::condition_variable_any wake;
    while (true) {
      std::unique_lock lock(waiting);
      wake.wait_for(lock, stop, summary_interval, [] { return false; });
      if (stop.stop_requested()) return;
      ordered_json event = {{"event", "status"}};
      event.update(ordered_json::parse(serve::to_json(status_())));
      put(event);
    }
  }

  // A full disk under stdout does not end the run; writing the summary reports it.
  void put(const ordered_json& event) {
    const std::lock_guard lock(output_);
    try {
      write_result(as_line(event) + "\n");
    } catch (const Error& error) {
      spdlog::debug("{}", error.cause());
    }
  }

  std::function<replication::RunStatus()> status_;
  std::mutex output_;  // prints one line at a time
  std::mutex mutex_;   // guards waiting_ and reported_
  WaitingSet waiting_;
  std::map<std::string, SteadyTime> reported_;  // of a running copy: when it was last reported
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Progress> make_json_progress() {
  return std::make_unique<JsonProgress>();
}

}  // namespace walbrook::cli
