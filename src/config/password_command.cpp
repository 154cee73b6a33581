#include "config/password_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>  // NOLINT: POSIX's, for kill and the signal sets
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace walbrook::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t most_output_bytes = 64U << 10U;
constexpr milliseconds between_looks{20};  // whether the shell has ended, while another process holds its pipe

// Puts the group of `child` into the foreground of the terminal, as a shell does, for the lifetime of this object.
class Foreground {
 public:
  explicit Foreground(pid_t child) {
    if (::isatty(STDIN_FILENO) == 0 || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) return;
    ours_ = ::getpgrp();
    give(child);
    ::kill(-child, SIGCONT);  // it may have asked already, which stops a background group
  }
  Foreground(const Foreground&) = delete;
  Foreground& operator=(const Foreground&) = delete;
  ~Foreground() {
    if (ours_ > 0) give(ours_);
  }

 private:
  static void give(pid_t group) {
    sigset_t stops;
    sigset_t before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTTOU);  // a background group gets this for the call below
    ::pthread_sigmask(SIG_BLOCK, &stops, &before);
    ::tcsetpgrp(STDIN_FILENO, group);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  pid_t ours_ = 0;
};

// Returns errno. The child inherits no signal mask and no ignored signals.
int spawn_shell(const std::string& command, int output, pid_t& child) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigfillset(&defaults);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  const std::array<char*, 4> arguments = {shell.data(), option.data(), text.data(), nullptr};
  const int failed = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

enum class Ending { ended, too_long, too_much };

// Reads the output that is there now. Returns false at its end.
bool take_output(int pipe, std::string& text) {
  std::array<char, 4096> part{};
  while (text.size() <= most_output_bytes) {
    const auto got = ::read(pipe, part.data(), part.size());
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  return true;
}

// Waits until the shell has ended. A process that it left running may keep the pipe open without a limit.
Ending watch_shell(int pipe, pid_t child, steady_clock::time_point deadline, std::string& text, int& status) {
  bool open = true;
  while (true) {
    pollfd waiting{.fd = open ? pipe : -1, .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(between_looks.count()));
    const bool has_ended = ::waitpid(child, &status, WNOHANG) != 0;
    if (open) open = take_output(pipe, text);
    if (text.size() > most_output_bytes) return has_ended ? Ending::ended : Ending::too_much;
    if (has_ended) return Ending::ended;
    if (steady_clock::now() >= deadline) return Ending::too_long;
  }
}

std::string failure_of(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return fmt::format("ended with exit code {}", WEXITSTATUS(status));
  return {};
}

}  // namespace

CommandOutput run_password_command(const std::string& command, milliseconds limit) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return {.text = {}, .failure = fmt::format("cannot be started: {}", std::strerror(errno))};
  pid_t child = 0;
  const int failed = spawn_shell(command, pipe[1], child);
  ::close(pipe[1]);
  if (failed != 0) {
    ::close(pipe[0]);
    return {.text = {}, .failure = fmt::format("cannot be started: {}", std::strerror(failed))};
  }
  ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  CommandOutput output;
  int status = 0;
  {
    const Foreground foreground(child);
    const auto ending = watch_shell(pipe[0], child, steady_clock::now() + limit, output.text, status);
    if (ending == Ending::ended) {
      output.failure = failure_of(status);
    } else {
      ::kill(-child, SIGKILL);
      ::waitpid(child, &status, 0);
      output.failure = ending == Ending::too_long
                           ? fmt::format("did not end within {} and was killed",
                                         short_duration(std::chrono::duration<double>(limit).count()))
                           : fmt::format("printed more than {} bytes and was killed", most_output_bytes);
    }
  }
  ::close(pipe[0]);
  if (output.failure.empty() && output.text.size() > most_output_bytes)
    output.failure = fmt::format("printed more than {} bytes", most_output_bytes);
  return output;
}

}  // namespace walbrook::config
