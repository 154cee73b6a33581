// Which server answers, and whether it continues the history that the checkpoint belongs to.
//
// The system identifier, which initdb creates, distinguishes a cluster from others. Standbys, base backups and
// pg_rewind keep it. Each promotion begins a new timeline, and the history file of a timeline records where each
// earlier one ended.
// https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/lsn.h"
#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// An earlier timeline in the history of the current one.
struct EarlierTimeline {
  std::int64_t timeline = 0;
  Lsn end;  // where the next one began
  friend bool operator==(const EarlierTimeline&, const EarlierTimeline&) = default;
};

struct ServerIdentity {
  std::string systemid;
  std::int64_t timeline = 0;
  Lsn position;  // end of the flushed write-ahead log; of a standby, of what is replayed
  bool standby = false;
  std::vector<EarlierTimeline> history;  // oldest first; empty on timeline 1
};

// What the checkpoint was made from. Empty or 0 = not known.
struct ExpectedServer {
  std::string systemid;
  std::int64_t timeline = 0;  // the one that the checkpoint is on
  Lsn checkpoint;
};

// Returns what to expect of a server that may be a promoted standby, from which the replica was read before and after
// its promotion. A run notices the promotion some seconds later (KnownServer), so one that ended meanwhile has stored a
// position of the new timeline under the former one. If the former timeline is in the server's history, the position is
// taken for one of that history: what the slot sends decides whether it is (history_check.h).
[[nodiscard]] ExpectedServer of_promoted(const ServerIdentity& server, ExpectedServer expected);

// Runs IDENTIFY_SYSTEM and, above timeline 1, TIMELINE_HISTORY. (Timeline 1 has no history file, and the command fails
// for it.) The role needs only LOGIN and REPLICATION. Throws Error, of the kind source_not_ready if the server has lost
// the history file.
[[nodiscard]] ServerIdentity identify(Connection& replication);
[[nodiscard]] bool is_standby(Connection& connection);
// Returns the same except for the history, by functions that every role may call.
[[nodiscard]] ServerIdentity identify_by_query(Connection& catalog);

// Parses the lines of a history file: "1\t0/3000148\tno recovery target specified". Lines without a timeline are
// skipped.
[[nodiscard]] std::vector<EarlierTimeline> parse_timeline_history(std::string_view text);

// Returns the timeline that a position is on. A position where two meet belongs to the earlier one.
[[nodiscard]] std::int64_t timeline_of(const ServerIdentity& server, Lsn position);

// Returns why the server does not continue what the checkpoint was made from: another cluster, an older state, or a
// history that left the checkpoint's timeline before the checkpoint. Returns nullopt if it does, as far as this can
// tell.
[[nodiscard]] std::optional<Error> identity_error(const ServerIdentity& server, const ExpectedServer& expected);

}  // namespace walbrook::postgres
