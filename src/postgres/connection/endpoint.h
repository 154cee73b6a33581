// Where the source is, how long its connections wait for it, and what they wait for now.
//
// Copies of an Endpoint share one state, so that every connection of a run uses the connection string that was read
// last, ends its waits at the run's stop, and tells in one place what it waits for.
//
// Any thread. Invariant: `conninfo` is only ever replaced by a string that libpq could parse.
// One interleaving: the catalog poll and the receiver lose their connections together, because the password was
// changed. Both are refused, both read the secrets again; the second one finds the string that the first one has put
// there. The reason of the refusal is logged once, since it is the same for both.
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
  // The connection string as files, environment and password_command have it now; empty: it stays as it is. Throws
  // Error(configuration).
  std::function<std::string()> reread = {};
  milliseconds network_timeout{60'000};  // of silence on a connection, after which the server is looked for
  // How long Connection::open waits for a server that is not there: before the first success of that kind of
  // connection, and after it (nullopt: without end). 0: it throws at once.
  milliseconds startup_timeout{0};
  std::optional<milliseconds> reconnect_timeout = milliseconds(0);
  std::stop_token stop = {};  // ends every wait with Stopped
  bool looks_twice = true;    // a silent server is looked for by a second connection
};

// A wait was ended by the stop: nothing is wrong with the source.
class Stopped : public Error {
 public:
  using Error::Error;
};

class Endpoint {
 public:
  // A URL or key=value; "" = environment. Nothing is waited for.
  Endpoint(std::string conninfo = {});  // NOLINT(google-explicit-constructor): a string is what most have
  Endpoint(const char* conninfo);       // NOLINT(google-explicit-constructor)
  Endpoint(std::string conninfo, EndpointOptions options);
  // With the password: for whoever connects.
  operator std::string() const { return conninfo(); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] std::string conninfo() const;
  [[nodiscard]] bool empty() const { return conninfo().empty(); }
  friend bool operator==(const Endpoint& a, std::string_view b) { return a.conninfo() == b; }
  [[nodiscard]] const EndpointOptions& options() const;
  // The same place, without patience: for connections that only look at what another one waits for.
  [[nodiscard]] Endpoint for_a_look() const;
  // The same in everything, but that a server which is short of connections is not waited for: copies can be postponed.
  [[nodiscard]] Endpoint for_copies() const;
  [[nodiscard]] bool waits_for_room() const { return waits_for_room_; }

  // Reads the connection string again. True: it has changed. Throws Error(configuration), and keeps the former one.
  [[nodiscard]] bool reread() const;
  [[nodiscard]] bool has_succeeded(ConnectionUse use) const;
  void note_success(ConnectionUse use) const;
  // The characters of an encoding, once somebody has asked the server for them; nullptr: nobody has.
  [[nodiscard]] std::shared_ptr<const SourceText> known_text(const std::string& encoding) const;
  void keep_text(const std::string& encoding, std::shared_ptr<const SourceText> text) const;
  // True where this reason is another one than was noted last: it is to be logged. "": the source answers.
  [[nodiscard]] bool note_reason(const std::string& reason) const;
  // Throws Stopped when the run is to end.
  void check_stop(std::string_view doing) const;

  // Shown in `status` while it lives.
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
  // "catalog poll: 127.0.0.1:5432/shop has been silent for 12 s"
  [[nodiscard]] std::vector<std::string> waits() const;

 private:
  std::shared_ptr<struct EndpointState> state_;
  bool waits_for_room_ = true;
};

}  // namespace walbrook::postgres
