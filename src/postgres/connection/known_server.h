// The server that a run talks to. Each connection that the run opens is compared with it.
//
// An address may lead to another server at any time: by a failover in DNS, a restored server, a connection string with
// several hosts, or a pooler. The replication connection decides: after it has followed a promotion, the others must
// reach the same timeline. Until then they fail with Error(connection), so that they are tried again.
//
// Threads: any thread may call.
#pragma once

#include <atomic>
#include <mutex>

#include "postgres/connection/server_identity.h"

namespace walbrook::postgres {

class KnownServer {
 public:
  // `takes_standby`: a standby is not refused.
  explicit KnownServer(bool takes_standby = false) : takes_standby_(takes_standby) {}

  // Sets the known server and forgets the former one. Call it before other connections are checked.
  void set(const ServerIdentity& server);

  // Checks a replication connection that is to continue at `checkpoint`, and makes its server the known one. Throws
  // Error(source_not_ready) if the server does not continue what was read so far (identity_error), and
  // Error(connection) while it is a standby, unless standbys are taken.
  void check_replication(Connection& replication, Lsn checkpoint);
  // Checks any other connection, including a replication connection that only creates a slot. Accepts every server
  // until one is known.
  void check(Connection& connection, ConnectionUse use);

  // Notes which process of the known server sends the stream, and from which slot. A standby keeps that connection when
  // it is promoted. If another connection then reaches the server on which this process reads the slot, the promoted
  // server becomes the known one.
  void stream_begins(const std::string& slot, std::int64_t pid);

  // Whether the known server was a standby when it became known.
  [[nodiscard]] bool is_standby() const { return known().standby; }
  // Returns timeline_of for the known server.
  [[nodiscard]] std::int64_t timeline_of(Lsn position) const;

  // Increases when another server may have become known. Connections that were checked before are then checked again.
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  [[nodiscard]] ServerIdentity known() const;
  // Returns whether the stream comes from the server of `connection`, which was promoted meanwhile.
  bool follow_promotion(Connection& connection, const ServerIdentity& before);

  const bool takes_standby_;
  mutable std::mutex mutex_;  // guards the members below but the last
  ServerIdentity known_;
  Lsn checkpoint_;               // of the newest check_replication; the server had written it
  std::string slot_;             // of the stream; empty = none
  std::int64_t stream_pid_ = 0;  // of the server's process that sends it
  std::atomic<std::uint64_t> version_ = 0;
};

// Opens a connection and checks it. `server` may be nullptr.
[[nodiscard]] Connection open_checked(const Endpoint& endpoint, ConnectionUse use, KnownServer* server);

}  // namespace walbrook::postgres
