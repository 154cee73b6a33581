// Which server answers, and whether it continues the history that the checkpoint belongs to.
//
// A cluster is told from others by its system identifier, which initdb makes; standbys, base backups and pg_rewind keep
// it. Each promotion begins a new timeline, and the history file of a timeline says where each earlier one was left.
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
  Lsn position;  // end of the write-ahead log that is flushed; of a standby, that is replayed
  bool standby = false;
  std::vector<EarlierTimeline> history;  // oldest first; empty on timeline 1
};

// What the checkpoint was made from. Empty or 0: not known.
struct ExpectedServer {
  std::string systemid;
  std::int64_t timeline = 0;  // the one that the checkpoint lies on
  Lsn checkpoint;
};

// IDENTIFY_SYSTEM and, above timeline 1, TIMELINE_HISTORY (of timeline 1 there is no history file; the command fails).
// LOGIN REPLICATION is enough. Throws Error; source_not_ready where the server has lost the history file.
[[nodiscard]] ServerIdentity identify(Connection& replication);
// The same by functions that everybody may call, without the history.
[[nodiscard]] ServerIdentity identify_by_query(Connection& catalog);

// The lines of a history file: "1\t0/3000148\tno recovery target specified". Lines without a timeline are passed over.
[[nodiscard]] std::vector<EarlierTimeline> parse_timeline_history(std::string_view text);

// The timeline that a position lies on; one where two meet belongs to the earlier one.
[[nodiscard]] std::int64_t timeline_of(const ServerIdentity& server, Lsn position);

// Why the server does not continue what the checkpoint was made from: another cluster, an older state, or a history
// that left the checkpoint's timeline before the checkpoint. nullopt: it does, as far as this can tell.
[[nodiscard]] std::optional<Error> identity_error(const ServerIdentity& server, const ExpectedServer& expected);

}  // namespace walbrook::postgres
