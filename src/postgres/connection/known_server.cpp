#include "postgres/connection/known_server.h"

#include <fmt/format.h>

namespace walbrook::postgres {
namespace {

Error standby_answers(const Connection& connection) {
  return {ErrorKind::connection,
          fmt::format("{} is a standby, and walbrook reads from primaries only", connection.where()),
          "walbrook tries again: after a failover this server may be promoted soon.",
          {.server = connection.where()}};
}

}  // namespace

void KnownServer::set(const ServerIdentity& server) {
  const std::lock_guard lock(mutex_);
  known_ = server;
  checkpoint_ = {};
  ++version_;
}

ServerIdentity KnownServer::known() const {
  const std::lock_guard lock(mutex_);
  return known_;
}

std::int64_t KnownServer::timeline_of(Lsn position) const {
  const std::lock_guard lock(mutex_);
  return postgres::timeline_of(known_, position);
}

void KnownServer::check_replication(Connection& replication, Lsn checkpoint) {
  const auto before = known();
  auto server = identify(replication);
  ExpectedServer expected{.systemid = before.systemid};
  if (server.standby && !takes_standby_) {
    if (auto error = identity_error(server, expected)) throw *error;
    throw standby_answers(replication);
  }
  expected.timeline = postgres::timeline_of(before, checkpoint);
  expected.checkpoint = checkpoint;
  if (auto error = identity_error(server, expected)) throw *error;
  const std::lock_guard lock(mutex_);
  known_ = std::move(server);
  checkpoint_ = checkpoint;
  ++version_;
}

void KnownServer::check(Connection& connection, ConnectionUse use) {
  const auto server = use == ConnectionUse::replication ? identify(connection) : identify_by_query(connection);
  Lsn written;
  ServerIdentity expected;
  {
    const std::lock_guard lock(mutex_);
    expected = known_;
    written = checkpoint_;
  }
  if (expected.systemid.empty()) return;
  if (auto error = identity_error(server, {.systemid = expected.systemid})) throw *error;
  if (server.standby && !takes_standby_) throw standby_answers(connection);
  // What a query shows of a standby's timeline is that of its last restart point.
  if (server.timeline != expected.timeline && !server.standby) {
    if (expected.standby && use != ConnectionUse::replication && follow_promotion(connection, expected)) return;
    throw Error(ErrorKind::connection,
                fmt::format("{} is on timeline {}, the server that the stream comes from is on timeline {}",
                            connection.where(), server.timeline, expected.timeline),
                "Both addresses must lead to the same primary. walbrook tries again.", {.server = connection.where()});
  }
  if (auto error = identity_error(server, {.systemid = {}, .timeline = 0, .checkpoint = written})) throw *error;
}

void KnownServer::stream_begins(const std::string& slot, std::int64_t pid) {
  const std::lock_guard lock(mutex_);
  slot_ = slot;
  stream_pid_ = pid;
}

bool KnownServer::follow_promotion(Connection& connection, const ServerIdentity& before) {
  std::string slot;
  std::int64_t pid = 0;
  {
    const std::lock_guard lock(mutex_);
    slot = slot_;
    pid = stream_pid_;
  }
  const auto reader = connection.query("SELECT active_pid FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
                                       {slot}, "looking up who reads the slot");
  if (reader.size() == 0 || reader.is_null(0, 0) || reader.integer(0, 0) != pid) return false;
  auto replication = Connection::open(connection.endpoint(), ConnectionUse::replication);
  auto promoted = identify(replication);
  const bool continues = !promoted.history.empty() && promoted.history.back().timeline == before.timeline;
  if (promoted.standby || promoted.systemid != before.systemid || !continues) return false;
  const std::lock_guard lock(mutex_);
  if (known_.timeline != before.timeline) return false;  // the stream has reached another server meanwhile
  known_ = std::move(promoted);
  ++version_;
  return true;
}

Connection open_checked(const Endpoint& endpoint, ConnectionUse use, KnownServer* server) {
  auto connection = Connection::open(endpoint, use);
  if (server != nullptr) server->check(connection, use);
  return connection;
}

}  // namespace walbrook::postgres
