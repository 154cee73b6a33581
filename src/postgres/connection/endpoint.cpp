#include "postgres/connection/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <mutex>
#include <utility>

namespace walbrook::postgres {

struct WaitEntry {
  std::string what;
  SteadyTime since = std::chrono::steady_clock::now();
};

struct EndpointState {
  EndpointOptions options;
  mutable std::mutex mutex;  // guards the members below
  std::string conninfo;
  std::string reason;  // why the source is unavailable
  std::array<bool, 3> succeeded{};
  bool refuses_now = false;
  std::list<std::shared_ptr<WaitEntry>> waits;
  std::map<std::string, std::shared_ptr<const SourceText>> texts;  // by encoding
};

Endpoint::Endpoint(std::string conninfo) : Endpoint(std::move(conninfo), EndpointOptions{}) {}
Endpoint::Endpoint(const char* conninfo) : Endpoint(std::string(conninfo)) {}
Endpoint::Endpoint(std::string conninfo, EndpointOptions options) : state_(std::make_shared<EndpointState>()) {
  state_->conninfo = std::move(conninfo);
  state_->options = std::move(options);
}

std::string Endpoint::conninfo() const {
  const std::lock_guard lock(state_->mutex);
  return state_->conninfo;
}

const EndpointOptions& Endpoint::options() const {
  return state_->options;
}

Endpoint Endpoint::for_a_look() const {
  constexpr milliseconds longest_look{10'000};
  return {conninfo(),
          {.network_timeout = std::min(longest_look, state_->options.network_timeout),
           .stop = state_->options.stop,
           .looks_twice = false}};
}

Endpoint Endpoint::for_copies() const {
  auto copies = *this;
  copies.waits_for_room_ = false;
  return copies;
}

bool Endpoint::reread() const {
  if (!state_->options.reread) return false;
  auto now = state_->options.reread();  // it may run a command, so the lock is not held
  const std::lock_guard lock(state_->mutex);
  if (now == state_->conninfo) return false;
  state_->conninfo = std::move(now);
  state_->texts.clear();
  return true;
}

bool Endpoint::has_succeeded(ConnectionUse use) const {
  const std::lock_guard lock(state_->mutex);
  return state_->succeeded.at(static_cast<std::size_t>(use));
}

void Endpoint::note_success(ConnectionUse use) const {
  const std::lock_guard lock(state_->mutex);
  state_->succeeded.at(static_cast<std::size_t>(use)) = true;
}

std::shared_ptr<const SourceText> Endpoint::known_text(const std::string& encoding) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->texts.find(encoding);
  return found == state_->texts.end() ? nullptr : found->second;
}

void Endpoint::keep_text(const std::string& encoding, std::shared_ptr<const SourceText> text) const {
  const std::lock_guard lock(state_->mutex);
  state_->texts[encoding] = std::move(text);
}

bool Endpoint::note_reason(const std::string& reason) const {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->reason, reason) != reason;
}

bool Endpoint::refuses_now() const {
  const std::lock_guard lock(state_->mutex);
  return state_->refuses_now;
}

void Endpoint::note_refusal(bool refuses) const {
  const std::lock_guard lock(state_->mutex);
  state_->refuses_now = refuses;
}

void Endpoint::check_stop(std::string_view doing) const {
  if (!state_->options.stop.stop_requested()) return;
  throw Stopped(ErrorKind::source_not_ready, fmt::format("{}: stopped", doing));
}

Endpoint::WaitNote::WaitNote(const Endpoint& endpoint, std::string what)
    : entry_(std::make_shared<WaitEntry>()), state_(endpoint.state_) {
  entry_->what = std::move(what);
  const std::lock_guard lock(state_->mutex);
  state_->waits.push_back(entry_);
}

Endpoint::WaitNote::~WaitNote() {
  const std::lock_guard lock(state_->mutex);
  state_->waits.remove(entry_);
}

void Endpoint::WaitNote::report(std::string what) {
  const std::lock_guard lock(state_->mutex);
  entry_->what = std::move(what);
}

std::vector<std::string> Endpoint::waits() const {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::string> described;
  const std::lock_guard lock(state_->mutex);
  for (const auto& entry : state_->waits) {
    described.push_back(fmt::format("{} (for {} s)", entry->what,
                                    std::chrono::duration_cast<std::chrono::seconds>(now - entry->since).count()));
  }
  return described;
}

}  // namespace walbrook::postgres
