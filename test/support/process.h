// Other programs, above all the walbrook command, started with arguments and environment. Every wait has a limit.
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
  std::map<std::string, std::optional<std::string>> env;  // added to the test's own; nullopt unsets
  std::filesystem::path folder;                           // "": the test's own
  std::string user;                                       // the user to run as if the test is root; "": the test's own
  std::filesystem::path log;                              // both outputs are appended here instead of being captured
  int death_signal = 9;                                   // sent to it when the thread that started it ends
};

struct ProcessResult {
  std::string command;
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  bool timed_out = false;  // and was killed for that reason
  std::string out;
  std::string err;

  [[nodiscard]] bool succeeded() const { return exit_code == 0; }
  [[nodiscard]] bool killed() const { return signal == 9 && !timed_out; }
  // Describes the whole result, for a failing assertion.
  [[nodiscard]] std::string describe() const;
};

class Process {
 public:
  explicit Process(const ProcessSpec& spec);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  // kills it if it is still running

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number);
  // Waits until it ends, and kills it with SIGKILL after `timeout`. Further calls return the same result.
  const ProcessResult& wait(milliseconds timeout);
  // Waits until it ends or `timeout` has passed, without killing it. Returns true if it ended.
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

// Starts the program and waits for its end.
[[nodiscard]] ProcessResult run(const ProcessSpec& spec, milliseconds timeout = milliseconds(60'000));

// Returns true as soon as `condition` is true; false if it was not within `timeout`.
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
