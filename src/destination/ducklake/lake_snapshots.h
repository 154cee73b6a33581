// The lake's snapshots by LSN. Each load names its commit: the author is walbrook, and the extra information is
// {"pipeline": "shop", "lsn": "0/1A2B3C8", "position": 27440072}, the pipeline and its checkpoint.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/lsn.h"
#include "destination/duckdb/connection.h"
#include "destination/state.h"

namespace walbrook::destination::ducklake {

// Names the commit of the connection's open transaction, if a checkpoint is known.
void name_commit(duckdb::Connection& connection, const std::string& pipeline,
                 const std::optional<Checkpoint>& checkpoint);

// Names the commit of the connection's open transaction as the end of a maintenance.
void name_maintenance(duckdb::Connection& connection, const std::string& pipeline, const Checkpoint& checkpoint);
// Returns the time since the newest snapshot of name_maintenance or, if there is none, since the lake's oldest one.
[[nodiscard]] std::chrono::seconds time_since_maintenance(duckdb::Connection& connection, const std::string& pipeline);

// Returns the newest snapshot in which the pipeline had applied nothing after `lsn`. Throws Error(destination), which
// names the first LSN that is left, if there is none.
[[nodiscard]] std::string snapshot_at(duckdb::Connection& connection, const std::string& pipeline, Lsn lsn,
                                      const std::string& label);

}  // namespace walbrook::destination::ducklake
