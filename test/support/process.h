// Other programs, above all the walbrook command: started with arguments and environment, never waited for without end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace walbrook::test {

using std::chrono::milliseconds;

struct ProcessSpec {
  std::vector<std::string> argv;                          // argv[0] is looked up in PATH
  std::map<std::string, std::optional<std::string>> env;  // over our own; nullopt unsets
  std::filesystem::path folder;                           // "" = ours
  std::string user;                                       // run as this user where we are root; "" = as we are
  std::filesystem::path log;                              // both outputs go here, appended, instead of being captured
  int death_signal = 9;                                   // sent to it when the thread that started it ends
};

struct ProcessResult {
  std::string command;
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  bool timed_out = false;  // and was killed for it
  std::string out;
  std::string err;

  [[nodiscard]] bool succeeded() const { return exit_code == 0; }
  [[nodiscard]] bool killed() const { return signal == 9 && !timed_out; }
  // Everything about it, for a failing assertion.
  [[nodiscard]] std::string describe() const;
};

class Process {
 public:
  explicit Process(const ProcessSpec& spec);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  // kills it if it still runs

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number);
  // Until it ends; killed with SIGKILL after `timeout`. Call again for the same result.
  const ProcessResult& wait(milliseconds timeout);
  // Until it ends or `timeout` has passed, without killing: true when it ended.
  bool ends_within(milliseconds timeout);
  [[nodiscard]] std::string out() const;  // so far
  [[nodiscard]] std::string err() const;

 private:
  void reap(int status);

  pid_t pid_ = -1;
  bool ended_ = false;
  ProcessResult result_;
  std::filesystem::path out_file_;
  std::filesystem::path err_file_;
};

// Starts it and waits for its end.
[[nodiscard]] ProcessResult run(const ProcessSpec& spec, milliseconds timeout = milliseconds(60'000));

// True as soon as `condition` is; false when it was not within `timeout`.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition, milliseconds timeout);

}  // namespace walbrook::test

#include <thread>

template <class Condition>
bool walbrook::test::eventually(Condition condition, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}
