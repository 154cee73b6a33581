#include "replication/runtime/receiver_loop.h"

#include <exception>

namespace walbrook::replication {
namespace {

constexpr milliseconds stepping_down_wait{100};  // at most: a keepalive may be due

}  // namespace

void ReceiverLoop::read(const std::stop_token& stop, const std::function<void()>& stepped) {
  while (!stop.stop_requested()) {
    Next next;
    try {
      next = receiver_.step(clock_.now());
    } catch (const Error&) {
      if (!stop.stop_requested()) throw;  // otherwise it waited for the slot, and the stop ended the wait
    }
    stepped();
    if (receiver_.reached_until()) return;
    if (const auto* awaited = std::get_if<Wait>(&next)) wait(*awaited);
  }
}

void ReceiverLoop::wait(const Wait& awaited) {
  if (awaited.what != Awaited::source) return bell_.wait_until(awaited.until);
  try {
    receiver_.reader()->wait_until(awaited.until);
  } catch (const Error&) {
    receiver_.source_failed(std::current_exception());
  }
}

void ReceiverLoop::step_down(const std::function<bool()>& is_over) {
  while (!is_over() && !receiver_.step_down()) bell_.wait_until(clock_.now().steady + stepping_down_wait);
}

void ReceiverLoop::answer_until(const std::function<bool()>& is_over) {
  while (!is_over()) {
    static_cast<void>(receiver_.step_down());
    bell_.wait_until(clock_.now().steady + stepping_down_wait);
  }
}

void ReceiverLoop::wake() {
  bell_.ring();
  receiver_.wake();
}

}  // namespace walbrook::replication
