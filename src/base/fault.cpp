#include "base/fault.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/error.h"

namespace walbrook::fault {
namespace {

struct Wanted {
  std::string point;
  bool throws = false;
  std::atomic<int> count{1};

  Wanted() {
    const char* text = std::getenv("WALBROOK_FAULT");
    if (text == nullptr) return;
    std::string_view rest = text;
    if (const auto colon = rest.find(':'); colon != std::string_view::npos) {
      int parsed = 1;
      std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), parsed);
      count = parsed;
      rest = rest.substr(0, colon);
    }
    if (rest.ends_with("!error")) {
      throws = true;
      rest.remove_suffix(6);
    }
    point = rest;
  }
};

Wanted& wanted_point() {
  static Wanted wanted;  // read once: the environment of a running process does not change
  return wanted;
}

std::function<void(std::string_view)>& hook_of_simulation() {
  static std::function<void(std::string_view)> hook;
  return hook;
}

}  // namespace

void fail_at(std::string_view name, int times) {
  auto& wanted = wanted_point();
  wanted.point = name;
  wanted.throws = true;
  wanted.count = times;
}

void set_hook(std::function<void(std::string_view)> hook) {
  hook_of_simulation() = std::move(hook);
}

void hit(std::string_view name) {
  if (const auto& hook = hook_of_simulation()) hook(name);
  auto& wanted = wanted_point();
  if (wanted.point.empty() || wanted.point != name) return;
  const int left = wanted.count.fetch_sub(1);
  if (wanted.throws) {
    if (left > 0) throw Error(ErrorKind::destination, "injected failure at " + std::string(name));
    return;
  }
  if (left == 1) kill(getpid(), SIGKILL);
}

}  // namespace walbrook::fault
