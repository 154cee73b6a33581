// Where the source is, how long its connections wait for it, and what they wait for at present.
//
// Copies of an Endpoint share one state. So every connection of a run uses the connection string that was read last,
// ends its waits at the run's stop, and reports in one place what it waits for.
//
// Threads: any thread may call. Invariant: `conninfo` is only ever replaced by a string that libpq could parse.
//
// One interleaving: the catalog poll and the receiver lose their connections together, because the password was
// changed. Both are refused, and both read the secrets again; the second one finds the string that the first one has
// put there. The reason for the refusal is logged once, since it is the same for both.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/source_text.h"

namespace walbrook::postgres {

enum class ConnectionUse {
  catalog,      // ordinary: queries
  snapshot,     // ordinary: one exported snapshot, COPY
  replication,  // replication=database: slots and START_REPLICATION
};

struct EndpointOptions {
  // Returns the connection string that files, environment and password_command now give. If this function is empty, the
  // string never changes. Throws Error(configuration).
  std::function<std::string()> reread = {};
  milliseconds network_timeout{60'000};  // of silence on a connection, after which the server is checked
  // How long Connection::open waits for a server that is not available: before the first success of that kind of
  // connection, and after it (nullopt = without end). With 0 it throws at once.
  milliseconds startup_timeout{0};
  std::optional<milliseconds> reconnect_timeout = milliseconds(0);
  std::stop_token stop = {};  // ends every wait with Stopped
  bool looks_twice = true;    // a silent server is checked over a second connection
};

// The stop ended a wait. Nothing is wrong with the source.
class Stopped : public Error {
 public:
  using Error::Error;
};

class Endpoint {
 public:
  // A URL or key=value string; "" = environment. These two wait for nothing.
  Endpoint(std::string conninfo = {});  // NOLINT(google-explicit-constructor): a string is what most have
  Endpoint(const char* conninfo);       // NOLINT(google-explicit-constructor)
  Endpoint(std::string conninfo, EndpointOptions options);
  // The string includes the password, for functions that connect.
  operator std::string() const { return conninfo(); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] std::string conninfo() const;
  [[nodiscard]] bool empty() const { return conninfo().empty(); }
  friend bool operator==(const Endpoint& a, std::string_view b) { return a.conninfo() == b; }
  [[nodiscard]] const EndpointOptions& options() const;
  // Returns the same place without any waits, for connections that only check what another one waits for.
  [[nodiscard]] Endpoint for_a_look() const;
  // Returns the same endpoint, except that it does not wait for a server that is short of connections: copies can be
  // postponed.
  [[nodiscard]] Endpoint for_copies() const;
  [[nodiscard]] bool waits_for_room() const { return waits_for_room_; }

  // Reads the connection string again and returns whether it has changed. If it throws Error(configuration), the former
  // string is kept.
  [[nodiscard]] bool reread() const;
  [[nodiscard]] bool has_succeeded(ConnectionUse use) const;
  void note_success(ConnectionUse use) const;
  // The characters of an encoding, if a connection has already asked the server for them; otherwise nullptr.
  [[nodiscard]] std::shared_ptr<const SourceText> known_text(const std::string& encoding) const;
  void keep_text(const std::string& encoding, std::shared_ptr<const SourceText> text) const;
  // Returns true if the reason differs from the one noted last, so that it should be logged. "" = the source answers.
  [[nodiscard]] bool note_reason(const std::string& reason) const;
  // Whether the server refused the last attempt of any thread because it shuts down, starts or recovers.
  [[nodiscard]] bool refuses_now() const;
  void note_refusal(bool refuses) const;
  // Throws Stopped if the run is to end.
  void check_stop(std::string_view doing) const;

  // `status` shows the wait while this object lives.
  class WaitNote {
   public:
    WaitNote(const Endpoint& endpoint, std::string what);
    WaitNote(const WaitNote&) = delete;
    WaitNote& operator=(const WaitNote&) = delete;
    ~WaitNote();
    void report(std::string what);

   private:
    std::shared_ptr<struct WaitEntry> entry_;
    std::shared_ptr<struct EndpointState> state_;
  };
  // Returns texts such as "catalog poll: 127.0.0.1:5432/shop has been silent for 12 s".
  [[nodiscard]] std::vector<std::string> waits() const;

 private:
  std::shared_ptr<struct EndpointState> state_;
  bool waits_for_room_ = true;
};

}  // namespace walbrook::postgres
