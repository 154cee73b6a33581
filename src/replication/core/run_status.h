// What a run is doing and has done so far, for people and programs that ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/lsn.h"
#include "destination/destination.h"
#include "replication/core/counts.h"

namespace walbrook::replication {

enum class Phase {
  starting,
  copying,    // some tables are not copied yet
  streaming,  // all tables are copied
  stopping,
  stopped,  // there is no run
};
[[nodiscard]] std::string_view to_string(Phase phase);
[[nodiscard]] Phase parse_phase(std::string_view text);  // throws Error(internal)

// The status of a run; a copy that was taken under a lock.
struct RunStatus {
  std::string pipeline, slot, publication, source, destination;
  Phase phase = Phase::starting;
  Lsn checkpoint;                 // durable
  Lsn received;                   // by the receiver
  Lsn server;                     // the source's position at the last query
  std::string waits_for;          // what copies wait for in the source; "" = they do not wait
  double lag_ms = 0;              // age of the oldest commit that is received and not durable; 0 = there is none
  double last_commit_lag_ms = 0;  // commit at the source → durable here, of the newest transaction applied
  std::uint64_t queued_bytes = 0;
  std::uint64_t spooled_bytes = 0;  // of open transactions, and of tables that are being copied
  double rows_per_second = 0;       // changes applied over the last seconds
  Counts applied;
  std::vector<std::string> source_waits;  // what this run has waited for in the source for more than a second
  struct Table {
    std::string schema, name, target_schema, target_name;
    destination::OutputState state = destination::OutputState::pending;
    std::string reason;
    std::string suspect;  // why a streaming table's rows may differ from the source; "" = they do not
    // Of a suspended table (destination::OutputRecord::Suspension). The time is like "2026-11-23T00:51:02Z"; "" = none.
    bool by_request = false;
    std::uint32_t attempts = 0;
    std::string retry_at;
    std::uint64_t copied_rows = 0;
    std::int64_t estimated_rows = -1;
    std::uint64_t inserts = 0, updates = 0, deletes = 0;
    // Which of its rows are to be copied again (destination::OutputRecord::resync_where); "" = none.
    std::string resync_where;
    bool part_under_way = false;  // they are being copied
    std::string part_waits_for;   // why they are not, although the run has tried
  };
  std::vector<Table> tables;
  // What a copy under way holds in the source, from its snapshot to the end of its last table: VACUUM removes no row
  // version that a transaction from `xmin` on replaced or deleted. It holds no WAL.
  struct CopySnapshot {
    double seconds = 0;  // how long it has been held
    Lsn consistent_point;
    std::string xmin;
  };
  std::optional<CopySnapshot> copy_snapshot;
};

// Puts the suspension of the record into the table.
void show_suspension(const destination::OutputRecord& record, RunStatus::Table& table);

}  // namespace walbrook::replication
