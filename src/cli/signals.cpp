#include "cli/signals.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace walbrook::cli {
namespace {

// timeout(1), and a parent that forwards a terminal's signal to processes that already got it, deliver one request
// twice.
constexpr auto same_request = std::chrono::milliseconds(100);
constexpr int exit_at_once = 130;  // 128 + SIGINT, as shells report it

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  end_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || end_ < 0) {
    throw Error(ErrorKind::internal, fmt::format("signals cannot be waited for: {}", strerror(errno)));
  }
  thread_ = std::thread([this] { watch(); });
}

StopSignals::~StopSignals() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(end_, &one, sizeof one);
  thread_.join();
  ::close(signals_);
  ::close(end_);
}

void StopSignals::hand_to(std::stop_source run) {
  const std::lock_guard lock(mutex_);
  run_ = std::move(run);
}

void StopSignals::watch() {
  while (true) {
    std::array<pollfd, 2> waits = {pollfd{signals_, POLLIN, 0}, pollfd{end_, POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;  // interrupted by a signal
    if (waits[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) == sizeof info) received(static_cast<int>(info.ssi_signo));
  }
}

void StopSignals::received(int signal) {
  const std::lock_guard lock(mutex_);
  if (!run_.stop_possible()) {
    // Raise the signal itself, so that a shell or a service sees the cause.
    std::signal(signal, SIG_DFL);
    const sigset_t set = stop_set();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    std::raise(signal);
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (run_.stop_requested()) {
    if (now - first_ < same_request) return;
    ::_exit(exit_at_once);
  }
  first_ = now;
  spdlog::info("stopping after the load in progress; a second signal ends at once, and nothing is lost");
  run_.request_stop();
}

}  // namespace walbrook::cli
