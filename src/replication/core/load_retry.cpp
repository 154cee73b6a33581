#include "replication/core/load_retry.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace walbrook::replication {
namespace {

constexpr milliseconds first_reload{100};
constexpr milliseconds longest_reload{10'000};

Error final_error(const Error& failed, Lsn checkpoint) {
  auto then = failed.remedy();
  if (!then.empty()) then += "\n  ";
  then += fmt::format(
      "Nothing is lost: the replica is at {}, and the slot keeps what follows. Start walbrook again once that is "
      "fixed.",
      checkpoint.to_string());
  Error located(failed.kind(), failed.cause(), std::move(then), failed.facts());
  located.add_facts({.lsn = checkpoint.to_string()});
  return located;
}

}  // namespace

void LoadRetry::failed(const Error& why, Now now, Lsn checkpoint) {
  if (failed_ >= retries_) throw final_error(why, checkpoint);
  ++failed_;
  wait_after(why, now);
}

void LoadRetry::unreachable(const Error& why, Now now) {
  wait_after(why, now);
}

void LoadRetry::wait_after(const Error& why, Now now) {
  const auto backoff = std::min(longest_reload, first_reload * (1 << std::min(attempts_, 10)));
  ++attempts_;
  spdlog::warn("{}; nothing is lost, trying again in {} ms", why.cause(), backoff.count());
  retry_at_ = now.steady + backoff;
}

}  // namespace walbrook::replication
