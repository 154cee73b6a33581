#include "test/support/process.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "test/support/temp_folder.h"

extern char** environ;

namespace walbrook::test {
namespace {

// What the child needs between fork and exec, where it must not allocate.
struct Prepared {
  std::vector<std::string> env_text;
  std::vector<char*> argv;
  std::vector<char*> env;
  const passwd* account = nullptr;
};

Prepared prepare(const ProcessSpec& spec) {
  Prepared prepared;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!spec.env.contains(std::string(text.substr(0, text.find('='))))) prepared.env_text.emplace_back(text);
  }
  for (const auto& [name, value] : spec.env) {
    if (value) prepared.env_text.push_back(name + "=" + *value);
  }
  for (auto& text : prepared.env_text) prepared.env.push_back(text.data());
  prepared.env.push_back(nullptr);
  for (const auto& argument : spec.argv) prepared.argv.push_back(const_cast<char*>(argument.c_str()));
  prepared.argv.push_back(nullptr);
  if (!spec.user.empty() && geteuid() == 0) {
    prepared.account = getpwnam(spec.user.c_str());
    if (prepared.account == nullptr) throw std::runtime_error("there is no user " + spec.user);
  }
  return prepared;
}

[[noreturn]] void become(const ProcessSpec& spec, Prepared& prepared, const char* out, const char* err, pid_t parent) {
  const int flags = O_WRONLY | O_CREAT | O_APPEND;
  const int out_fd = open(out, flags, 0644);
  const int err_fd = open(err, flags, 0644);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(out_fd, STDOUT_FILENO);
  dup2(err_fd, STDERR_FILENO);
  for (int fd = 3; fd < 64; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (!spec.folder.empty() && chdir(spec.folder.c_str()) != 0) _exit(126);
  if (prepared.account != nullptr) {
    if (initgroups(prepared.account->pw_name, prepared.account->pw_gid) != 0) _exit(126);
    if (setgid(prepared.account->pw_gid) != 0 || setuid(prepared.account->pw_uid) != 0) _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, spec.death_signal);  // after setuid, which clears it
  if (getppid() != parent) _exit(126);         // the parent died before the line above
  ::signal(SIGINT, SIG_DFL);  // a shell without job control starts background processes with SIGINT ignored
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  environ = prepared.env.data();
  execvp(prepared.argv[0], prepared.argv.data());
  _exit(127);
}

}  // namespace

std::string ProcessResult::describe() const {
  std::string text = "$ " + command + "\n";
  if (timed_out) {
    text += "timed out and was killed";
  } else if (exit_code < 0) {
    text += "ended by signal " + std::to_string(signal);
  } else {
    text += "exit code " + std::to_string(exit_code);
  }
  return text + "\n--- stdout\n" + out + "--- stderr\n" + err + "---";
}

Process::Process(const ProcessSpec& spec) {
  static std::atomic<int> count{0};
  const std::string number = std::to_string(++count);
  out_file_ = spec.log.empty() ? temp_root() / ("out-" + number) : spec.log;
  err_file_ = spec.log.empty() ? temp_root() / ("err-" + number) : spec.log;
  for (const auto& [name, value] : spec.env) result_.command += value ? name + "=" + *value + " " : "";
  for (const auto& argument : spec.argv) result_.command += (&argument == spec.argv.data() ? "" : " ") + argument;
  Prepared prepared = prepare(spec);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed for " + result_.command);
  if (pid_ == 0) become(spec, prepared, out_file_.c_str(), err_file_.c_str(), parent);
}

Process::~Process() {
  if (running()) {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
  }
  if (out_file_ == err_file_) return;  // a log that the caller named
  std::error_code ignored;
  std::filesystem::remove(out_file_, ignored);
  std::filesystem::remove(err_file_, ignored);
}

bool Process::running() {
  if (ended_) return false;
  int status = 0;
  const pid_t found = waitpid(pid_, &status, WNOHANG);
  if (found == pid_) reap(status);
  return !ended_;
}

void Process::reap(int status) {
  ended_ = true;
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
}

void Process::signal(int number) {
  if (running()) kill(pid_, number);
}

bool Process::ends_within(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  milliseconds pause(1);
  while (running()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
    if (pause < milliseconds(10)) ++pause;
  }
  return true;
}

const ProcessResult& Process::wait(milliseconds timeout) {
  if (!ends_within(timeout)) {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    reap(status);
    result_.timed_out = true;
  }
  result_.out = out();
  result_.err = err();
  return result_;
}

std::string Process::out() const {
  return read_file(out_file_);
}
std::string Process::err() const {
  return read_file(err_file_);
}

ProcessResult run(const ProcessSpec& spec, milliseconds timeout) {
  Process process(spec);
  return process.wait(timeout);
}

}  // namespace walbrook::test
