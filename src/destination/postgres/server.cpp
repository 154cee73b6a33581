#include "destination/postgres/server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>

#include "destination/destination.h"
#include "destination/postgres/server_url.h"

namespace walbrook::destination::postgresql {
namespace {

// The server notices the end of a process that was killed when it next reads from it.
constexpr milliseconds longest_lock_wait{3'000};
constexpr milliseconds lock_poll{50};

// FNV-1a: the key of a lock has to be the same in every process and version.
std::int64_t lock_key(const std::string& pipeline) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : "walbrook " + pipeline) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return static_cast<std::int64_t>(hash);
}

DestinationLocked locked(Session& session, const std::string& pipeline, std::int64_t key) {
  const auto halves = static_cast<std::uint64_t>(key);
  const auto rows = session.query(
      "SELECT l.pid, coalesce(a.client_addr::text, 'this machine'), a.application_name FROM pg_catalog.pg_locks l LEFT "
      "JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid "
      "= "
      "1 AND l.classid::bigint = $1 AND l.objid::bigint = $2 AND l.database = (SELECT oid FROM pg_catalog.pg_database "
      "WHERE datname = pg_catalog.current_database())",
      {std::to_string(halves >> 32U), std::to_string(halves & 0xFFFFFFFFU)}, "looking for the holder of a lock");
  const auto holder = rows.size() == 0 ? std::string("a process that has just ended")
                                       : fmt::format("the server's process with PID {}, for {} on {}", rows.text(0, 0),
                                                     rows.text(0, 2), rows.text(0, 1));
  return {fmt::format("pipeline {} in {} is held by another walbrook: {}", pipeline, session.where(), holder),
          "Stop that run first, or give this one another pipeline."};
}

}  // namespace

Server::Server(const std::string& url, std::string pipeline)
    : endpoint_(endpoint_of(url)), label_(place_of_server(url).label), pipeline_(std::move(pipeline)) {}

void Server::read_types(Session& session) {
  auto read = std::make_shared<ServerTypes>(session);
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, reason] : unfit_types_) read->leave_out(name);
  types_ = std::move(read);
}

void Server::note_types(std::span<const TypeDefinition> types, const UnfitTypes& unfit) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, reason] : unfit) {
    if (!unfit_types_.contains(name)) spdlog::warn("values of type {} are text in {}: {}", name, label_, reason);
  }
  for (const auto& type : types) unfit_types_.erase(type.full_name);
  unfit_types_.insert(unfit.begin(), unfit.end());
}

std::shared_ptr<const ServerTypes> Server::types() const {
  const std::scoped_lock lock(mutex_);
  return types_;
}

void lock_pipeline(Session& session, const std::string& pipeline, WhenBusy busy) {
  const auto key = lock_key(pipeline);
  const auto deadline = std::chrono::steady_clock::now() + longest_lock_wait;
  while (true) {
    const auto taken =
        session.query("SELECT pg_catalog.pg_try_advisory_lock($1)", {std::to_string(key)}, "locking the pipeline");
    if (taken.boolean(0, 0)) return;
    if (busy == WhenBusy::error || std::chrono::steady_clock::now() >= deadline) throw locked(session, pipeline, key);
    std::this_thread::sleep_for(lock_poll);
  }
}

}  // namespace walbrook::destination::postgresql
