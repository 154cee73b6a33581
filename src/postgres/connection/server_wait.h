// Waiting for what the server has to send: with a limit, to be ended at any time, and shown in `status`.
//
// The limit is one of silence. A statement may rightly take long: after `network_timeout` without a sign of life a
// second connection looks whether the server's process is still at work for this one. A sign of life is a whole
// message, or a good part of a large one: bytes alone are none, for behind a length that went wrong on the way
// everything else would be taken for the rest of one message.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// What pg_stat_activity shows of a connection's server process, seen by another connection.
struct ServerProcess {
  std::string state;            // "active", "idle in transaction"; "" = there is none
  std::string wait_event_type;  // "Lock", "Client"; "" = it computes
  std::string wait_event;
  std::string statement;
};
// The process works for its client, or waits for somebody else than its client.
[[nodiscard]] bool is_at_work(const ServerProcess& process);

// For how long a connection has been silent. Not thread-safe.
class SilenceWatch {
 public:
  explicit SilenceWatch(SteadyTime now) : sign_(now), message_(now) {}
  // A whole message came, or whatever else shows that the server is there.
  void sign_of_life(SteadyTime now);
  // Bytes came that are no whole message yet. Throws Error(connection) when the message is longer than any can be.
  void bytes_came(SteadyTime now, int socket, const std::string& where);
  [[nodiscard]] milliseconds silent_for(SteadyTime now) const;

 private:
  SteadyTime sign_, message_;
  std::optional<std::uint64_t> base_;  // bytes that the connection had received, some time after the last message
  std::uint64_t counted_ = 0;
};

class ServerWait {
 public:
  // Borrows the connection. `doing` is what `status` and errors say: "creating slot shop". `also` ends the wait as well
  // as the endpoint's own stop.
  ServerWait(Connection& connection, std::string_view doing, std::stop_token also = {});

  // Sends what is to be sent, waits up to stop_interval for bytes, and takes them. Throws Stopped; Error(connection)
  // when the connection broke and what came before was read, or when the server is silent and not at work.
  void once();
  // The next result of what was sent, waiting for it; nullptr behind the last one.
  [[nodiscard]] Result result();
  void message_came() { silence_.sign_of_life(std::chrono::steady_clock::now()); }

 private:
  void check_silence(SteadyTime now);

  Connection& connection_;
  std::string_view doing_;
  std::stop_token also_;
  SteadyTime began_;
  SilenceWatch silence_;
  bool broken_ = false;
  std::optional<Endpoint::WaitNote> note_;
};

// Looks by a second connection. False also where that cannot be made.
[[nodiscard]] bool looks_at_work(const Connection& connection);
// The error of a connection that is silent.
[[nodiscard]] Error silence(const Connection& connection, std::string_view doing, milliseconds silent_for);

}  // namespace walbrook::postgres
