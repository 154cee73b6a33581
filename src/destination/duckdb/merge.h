// A net effect into a table: what goes is deleted by one join with the rows in memory, what comes is appended.
//
// DELETE USING and append take a sixth of the time of MERGE or UPDATE. All of it runs in the load's open transaction:
//   1. patches are completed from the target's rows into a temporary table, before anything is deleted
//   2. removals are deleted
//   3. upserts are appended, completed patches inserted
#pragma once

#include "destination/destination.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/target.h"
#include "output/net_effect.h"

namespace walbrook::destination::duckdb {

// Throws Error(data) when a patch finds no row, or more than one, to be completed from: the copy is not what the source
// says it was.
[[nodiscard]] MergeCounts merge(Connection& connection, const Target& target, const NetEffect& effect);

}  // namespace walbrook::destination::duckdb
