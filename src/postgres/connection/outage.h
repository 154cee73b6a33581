// One outage of the source as one thread of a run meets it: what it waits for, how long, and what it reports.
#pragma once

#include <chrono>
#include <optional>

#include "postgres/connection/endpoint.h"
#include "postgres/connection/failure_consequence.h"

namespace walbrook::postgres {

// The source was waited for as long as is permitted.
class WaitOver : public Error {
 public:
  using Error::Error;
};

class Outage {
 public:
  // Handles an outage of connections of that use. Borrows `endpoint`, which must outlive this object.
  Outage(const Endpoint& endpoint, ConnectionUse use) : endpoint_(endpoint), use_(use) {}
  Outage(const Outage&) = delete;
  Outage& operator=(const Outage&) = delete;

  // Reads the secrets again and waits a little; then the caller tries again. Rethrows `failed` if nothing is to be
  // waited for. Throws WaitOver and Stopped. REQUIRES: `failed` is being handled.
  void wait_or_throw(const Error& failed, Asked asked);
  // Ends the outage, because the source has answered.
  void over();

 private:
  [[nodiscard]] std::optional<milliseconds> limit() const;  // nullopt = no limit
  [[nodiscard]] bool read_secrets();
  void sleep(milliseconds backoff);

  const Endpoint& endpoint_;
  ConnectionUse use_;
  std::optional<SteadyTime> began_;
  std::optional<Endpoint::WaitNote> note_;
  int attempts_ = 0;
};

}  // namespace walbrook::postgres
