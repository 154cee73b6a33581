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
  KnownServer() = default;

  // Sets the known server and forgets the former one. Call it before other connections are checked.
  void set(const ServerIdentity& server);

  // Checks a replication connection that is to continue at `checkpoint`, and makes its server the known one. Throws
  // Error(source_not_ready) if the server does not continue what was read so far (identity_error), and
  // Error(connection) while it is a standby.
  void check_replication(Connection& replication, Lsn checkpoint);
  // Checks any other connection, including a replication connection that only creates a slot. Accepts every server
  // until one is known.
  void check(Connection& connection, ConnectionUse use);

  // Returns timeline_of for the known server.
  [[nodiscard]] std::int64_t timeline_of(Lsn position) const;

  // Increases when another server may have become known. Connections that were checked before are then checked again.
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  [[nodiscard]] ServerIdentity known() const;

  mutable std::mutex mutex_;  // guards the two members below
  ServerIdentity known_;
  Lsn checkpoint_;  // of the newest check_replication; the server had written it
  std::atomic<std::uint64_t> version_ = 0;
};

// Opens a connection and checks it. `server` may be nullptr.
[[nodiscard]] Connection open_checked(const Endpoint& endpoint, ConnectionUse use, KnownServer* server);

}  // namespace walbrook::postgres
