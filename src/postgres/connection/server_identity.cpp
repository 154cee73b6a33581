#include "postgres/connection/server_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace walbrook::postgres {
namespace {

Remedy ways_out() {
  return remedy("Give the right {}; {} copies everything again.", RemedyOption::source, RemedyAction::reset);
}

// The file name of a write-ahead log segment begins with its timeline, in 8 hexadecimal digits. After a promotion,
// pg_control_checkpoint() still has the former timeline until the first checkpoint is complete.
constexpr auto identity_query = R"(
SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()), pg_catalog.pg_is_in_recovery(),
  CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
       ELSE pg_catalog.pg_current_wal_flush_lsn() END,
  CASE WHEN pg_catalog.pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint())
       ELSE ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int
  END
)";

std::vector<EarlierTimeline> read_history(Connection& replication, std::int64_t timeline) {
  try {
    const auto rows = replication.query(fmt::format("TIMELINE_HISTORY {}", timeline), {},
                                        fmt::format("reading the history of timeline {}", timeline));
    return parse_timeline_history(rows.text(0, 1));
  } catch (const Stopped&) {
    throw;
  } catch (const Error& failed) {
    if (failed.kind() == ErrorKind::connection) throw;
    throw Error(ErrorKind::source_not_ready, failed.cause(),
                fmt::format("Put the history file {:08X}.history back into the server's pg_wal folder.", timeline),
                failed.facts());
  }
}

Error older_state(std::string cause, const ExpectedServer& expected) {
  return {ErrorKind::source_not_ready,
          cause + ": it is an older state of the source",
          ways_out(),
          {.lsn = expected.checkpoint.is_set() ? expected.checkpoint.to_string() : std::string()}};
}

constexpr std::string_view syntax_error = "42601";  // SQLSTATE

// A pooler that was told to ignore the parameter `replication` opens an ordinary connection, whose grammar is SQL's.
Error no_replication_connection(const Connection& connection, const Error& failed) {
  return {ErrorKind::source_not_ready,
          fmt::format("{} gave an ordinary connection in place of a replication connection", connection.where()),
          "A connection pooler is in between. Logical replication needs the server itself: give its own host and port.",
          failed.facts()};
}

}  // namespace

ServerIdentity identify(Connection& replication) {
  constexpr auto doing = "identifying the server";
  const auto rows = [&replication] {
    try {
      return replication.query("IDENTIFY_SYSTEM", {}, doing);
    } catch (const Error& failed) {
      if (failed.facts().sqlstate != syntax_error) throw;
      throw no_replication_connection(replication, failed);
    }
  }();
  ServerIdentity server{
      .systemid = rows.text(0, 0), .timeline = rows.integer(0, 1), .position = rows.lsn(0, 2), .history = {}};
  server.standby = is_standby(replication);
  if (server.timeline == 1) return server;
  try {
    server.history = read_history(replication, server.timeline);
  } catch (const Error& failed) {
    // A standby may not have received the file yet.
    if (!server.standby || failed.kind() == ErrorKind::connection || dynamic_cast<const Stopped*>(&failed)) throw;
  }
  return server;
}

bool is_standby(Connection& connection) {
  return connection.query("SELECT pg_catalog.pg_is_in_recovery()", {}, "identifying the server").boolean(0, 0);
}

ServerIdentity identify_by_query(Connection& catalog) {
  const auto rows = catalog.query(identity_query, {}, "identifying the server");
  return {.systemid = rows.text(0, 0),
          .timeline = rows.integer(0, 3),
          .position = rows.lsn(0, 2),
          .standby = rows.boolean(0, 1),
          .history = {}};
}

std::vector<EarlierTimeline> parse_timeline_history(std::string_view text) {
  std::vector<EarlierTimeline> history;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    std::int64_t timeline = 0;
    const auto [rest, failed] = std::from_chars(line.data(), line.data() + line.size(), timeline);
    if (failed != std::errc()) continue;  // a comment or an empty line
    auto position = line.substr(static_cast<std::size_t>(rest - line.data()));
    position.remove_prefix(std::min(position.find_first_not_of(" \t"), position.size()));
    position = position.substr(0, position.find_first_of(" \t\r"));
    if (const auto lsn = Lsn::parse(position)) history.push_back({.timeline = timeline, .end = *lsn});
  }
  return history;
}

std::int64_t timeline_of(const ServerIdentity& server, Lsn position) {
  const auto found = std::ranges::find_if(
      server.history, [position](const EarlierTimeline& earlier) { return position <= earlier.end; });
  return found == server.history.end() ? server.timeline : found->timeline;
}

ExpectedServer of_promoted(const ServerIdentity& server, ExpectedServer expected) {
  const auto left = std::ranges::find(server.history, expected.timeline, &EarlierTimeline::timeline);
  if (left != server.history.end()) expected.timeline = timeline_of(server, expected.checkpoint);
  return expected;
}

std::optional<Error> identity_error(const ServerIdentity& server, const ExpectedServer& expected) {
  if (!expected.systemid.empty() && server.systemid != expected.systemid) {
    return Error(ErrorKind::source_not_ready,
                 fmt::format("this is cluster {}, but the replica was copied from cluster {}", server.systemid,
                             expected.systemid),
                 remedy("Give the right {}; after pg_upgrade: {}; {} copies everything again.", RemedyOption::source,
                        RemedyAction::accept_new_system, RemedyAction::reset));
  }
  if (server.timeline < expected.timeline) {
    return older_state(
        fmt::format("the server is on timeline {}, the replica is already on {}", server.timeline, expected.timeline),
        expected);
  }
  if (expected.timeline != 0 && server.timeline > expected.timeline) {
    const auto left = std::ranges::find(server.history, expected.timeline, &EarlierTimeline::timeline);
    if (left == server.history.end()) {
      return Error(
          ErrorKind::source_not_ready,
          fmt::format("the server is on timeline {}, which does not come from timeline {}, on which the replica "
                      "is",
                      server.timeline, expected.timeline),
          ways_out(), {.lsn = expected.checkpoint.to_string()});
    }
    if (expected.checkpoint > left->end) {
      return Error(
          ErrorKind::source_not_ready,
          fmt::format("the failover lost changes that the replica has: the replica is at {}, the new primary left "
                      "timeline {} at {}",
                      expected.checkpoint.to_string(), expected.timeline, left->end.to_string()),
          remedy("{} copies everything again. Until then it holds rows that the new primary never had.",
                 RemedyAction::reset),
          {.lsn = expected.checkpoint.to_string()});
    }
  }
  if (expected.checkpoint > server.position && server.standby) {
    return Error(ErrorKind::connection,
                 fmt::format("the standby is at {}, the replica is already at {}", server.position.to_string(),
                             expected.checkpoint.to_string()),
                 "walbrook tries again, until the standby has received as much.");
  }
  if (expected.checkpoint > server.position) {
    return older_state(fmt::format("the server is at {}, the replica is already at {}", server.position.to_string(),
                                   expected.checkpoint.to_string()),
                       expected);
  }
  return std::nullopt;
}

}  // namespace walbrook::postgres
