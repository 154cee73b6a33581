#include "postgres/connection/outage.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "postgres/connection/connection.h"
#include "postgres/connection/shortage.h"

namespace walbrook::postgres {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds first_backoff(100);
constexpr milliseconds longest_backoff(5'000);
constexpr std::string_view cannot_connect_now = "57P03";  // SQLSTATE

}  // namespace

void Outage::over() {
  if (!began_) return;
  endpoint_.note_refusal(false);
  if (endpoint_.note_reason("")) {
    spdlog::info("the source answers after {} s", duration_cast<seconds>(steady_clock::now() - *began_).count());
  }
  began_.reset();
  note_.reset();
  attempts_ = 0;
}

std::optional<milliseconds> Outage::limit() const {
  const auto& options = endpoint_.options();
  // A snapshot ends with the connection that exported it, so the copy begins again instead of waiting here.
  if (use_ == ConnectionUse::snapshot) return milliseconds(0);
  return endpoint_.has_succeeded(use_) ? options.reconnect_timeout : options.startup_timeout;
}

// A password_command may take a minute, and a stop does not wait for it. So it runs in a thread, which is then left
// alone.
bool Outage::read_secrets() {
  if (!endpoint_.options().reread) return false;
  std::packaged_task<bool()> read([endpoint = endpoint_] { return endpoint.reread(); });
  auto changed = read.get_future();
  std::thread(std::move(read)).detach();
  while (changed.wait_for(stop_interval) != std::future_status::ready) {
    endpoint_.check_stop("reading the source's secrets again");
  }
  try {
    return changed.get();
  } catch (const Error& unreadable) {  // the file may be in the middle of a write
    spdlog::debug("the source's secrets are not read again: {}", unreadable.cause());
    return false;
  }
}

void Outage::wait_or_throw(const Error& failed, Asked asked) {
  const auto most = limit();
  if (!endpoint_.waits_for_room() && is_shortage(failed)) throw;
  if (dynamic_cast<const WaitOver*>(&failed) != nullptr || most == milliseconds(0)) throw;
  if (consequence_of(failed, asked, endpoint_.has_succeeded(use_)) != Consequence::wait) throw;
  endpoint_.note_refusal(failed.facts().sqlstate == cannot_connect_now);
  if (!began_) began_ = steady_clock::now();
  const auto waited = steady_clock::now() - *began_;
  if (most && waited >= *most) {
    throw WaitOver(failed.kind(),
                   fmt::format("{}; waited {} s for it", failed.cause(), duration_cast<seconds>(waited).count()),
                   failed.remedy(), failed.facts());
  }
  if (endpoint_.note_reason(failed.cause())) {
    spdlog::warn("{}; {}", failed.cause(),
                 most ? fmt::format("waiting up to {} s for it", duration_cast<seconds>(*most).count())
                      : std::string("waiting for it"));
  }
  if (!note_) note_.emplace(endpoint_, "");
  note_->report("the source is unavailable: " + failed.cause());
  if (read_secrets()) return;  // they have changed, which may have been the cause
  auto backoff = std::min(longest_backoff, first_backoff * (1 << std::min(attempts_++, 10)));
  if (most) backoff = std::min(backoff, duration_cast<milliseconds>(*most - waited) + milliseconds(1));
  sleep(backoff);
}

void Outage::sleep(milliseconds backoff) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, endpoint_.options().stop, backoff, [] { return false; });
  endpoint_.check_stop("waiting for the source");
}

}  // namespace walbrook::postgres
