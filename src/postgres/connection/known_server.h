// The server that a run talks to, compared on each connection that it opens.
//
// An address may lead to another server at any time: a failover by DNS, a restored server, a connection string with
// several hosts, a pooler. The replication connection decides: after it has followed a promotion, the others must meet
// the same timeline. They answer with Error(connection) until then, so that they are tried again.
//
// Any thread.
#pragma once

#include <atomic>
#include <mutex>

#include "postgres/connection/server_identity.h"

namespace walbrook::postgres {

class KnownServer {
 public:
  KnownServer() = default;

  // Before other connections are checked. What is known before is forgotten.
  void set(const ServerIdentity& server);

  // Of a replication connection that is to continue at `checkpoint`. Throws Error(source_not_ready) where the server
  // does not continue what was read so far (identity_error), Error(connection) while it is a standby.
  void check_replication(Connection& replication, Lsn checkpoint);
  // Of any other connection, a replication connection that only makes a slot included.
  void check(Connection& connection, ConnectionUse use);

  // timeline_of the server that is known.
  [[nodiscard]] std::int64_t timeline_of(Lsn position) const;

  // Grows when another server may have become known: connections that were checked before are then checked again.
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  [[nodiscard]] ServerIdentity known() const;

  mutable std::mutex mutex_;  // guards what follows
  ServerIdentity known_;
  Lsn checkpoint_;  // of the newest check_replication: the server had written it
  std::atomic<std::uint64_t> version_ = 0;
};

// A checked connection; `server` may be nullptr.
[[nodiscard]] Connection open_checked(const Endpoint& endpoint, ConnectionUse use, KnownServer* server);

}  // namespace walbrook::postgres
