// Waits for what the server has to send. A wait has a limit, can be ended at any time, and is shown in `status`.
//
// The limit is one of silence. A statement may rightly take long: after `network_timeout` without a sign of life, a
// second connection checks whether the server's process is still at work for this one. A sign of life is a whole
// message, or a good part of a large one. Bytes alone are none: after a length that was corrupted on the way,
// everything else would be taken for the rest of one message.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// What pg_stat_activity shows about a connection's server process, as another connection sees it.
struct ServerProcess {
  std::string state;            // "active", "idle in transaction"; "" = there is no process
  std::string wait_event_type;  // "Lock", "Client"; "" = it computes
  std::string wait_event;
  std::string statement;
};
// Returns whether the process works for its client, or waits for anything other than its client.
[[nodiscard]] bool is_at_work(const ServerProcess& process);

// Measures how long a connection has been silent. Not thread-safe.
class SilenceWatch {
 public:
  explicit SilenceWatch(SteadyTime now) : sign_(now), message_(now) {}
  // Records that a whole message arrived, or anything else that shows that the server is there.
  void sign_of_life(SteadyTime now);
  // Records that bytes arrived that are not a whole message yet. Throws Error(connection) if the message is longer than
  // any can be.
  void bytes_came(SteadyTime now, int socket, const std::string& where);
  [[nodiscard]] milliseconds silent_for(SteadyTime now) const;

 private:
  SteadyTime sign_, message_;
  std::optional<std::uint64_t> base_;  // bytes that the connection had received, at some time after the last message
  std::uint64_t counted_ = 0;
};

class ServerWait {
 public:
  // Borrows the connection and the text of `doing`, which must outlive this object. `doing` is shown by `status` and in
  // errors: "creating slot shop". `also` ends the wait as the endpoint's own stop does.
  ServerWait(Connection& connection, std::string_view doing, std::stop_token also = {});

  // Sends what is to be sent, waits up to stop_interval for bytes, and takes them. Throws Stopped. Throws
  // Error(connection) if the connection broke and everything that arrived before was read, or if the server is silent
  // and not at work.
  void once();
  // Waits for the next result of what was sent and returns it, or nullptr after the last one.
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

// Checks over a second connection. Also returns false if that connection cannot be made.
[[nodiscard]] bool looks_at_work(const Connection& connection);
// Returns the error for a connection that is silent.
[[nodiscard]] Error silence(const Connection& connection, std::string_view doing, milliseconds silent_for);

}  // namespace walbrook::postgres
