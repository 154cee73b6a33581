// The lake's snapshots by LSN. Each load names its commit: the author is walbrook, and the extra information is
// {"pipeline": "shop", "lsn": "0/1A2B3C8", "position": 27440072}, the pipeline and its checkpoint.
#pragma once

#include <optional>
#include <string>

#include "base/lsn.h"
#include "destination/duckdb/connection.h"
#include "destination/state.h"

namespace walbrook::destination::ducklake {

// Names the commit of the connection's open transaction, if it advances the checkpoint.
void name_commit(duckdb::Connection& connection, const std::string& pipeline,
                 const std::optional<Checkpoint>& checkpoint);

// Returns the newest snapshot in which the pipeline had applied nothing after `lsn`. Throws Error(destination), which
// names the first LSN that is left, if there is none.
[[nodiscard]] std::string snapshot_at(duckdb::Connection& connection, const std::string& pipeline, Lsn lsn,
                                      const std::string& label);

}  // namespace walbrook::destination::ducklake
