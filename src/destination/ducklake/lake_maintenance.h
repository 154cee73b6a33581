// Puts a lake in order: small files are merged, rows in the catalog go to files, files with many deleted rows are
// rewritten, old snapshots are given up.
//
// Each step is a transaction of its own. A step that conflicts with another writer's transaction is tried again, and
// then left to the next time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "destination/compactor.h"
#include "destination/duckdb/connection.h"
#include "destination/ducklake/lake_url.h"
#include "destination/open_destination.h"

namespace walbrook::destination::ducklake {

// Puts the pipeline's tables and its state in order, and returns the tables whose files changed. Snapshots of the whole
// lake that are older than LakeOptions::keep_s are given up. REQUIRES: the connection has no open transaction.
std::vector<CompactedTable> put_in_order(duckdb::Connection& connection, CatalogKind kind, const std::string& pipeline,
                                         const LakeOptions& options);

// Returns whether the pipeline's last maintenance, by whatever process, is at least so long ago.
[[nodiscard]] bool is_maintenance_due(duckdb::Connection& connection, const std::string& pipeline,
                                      std::chrono::seconds interval);

// Removes files of the data path that no snapshot names: what a process left that was killed.
void remove_orphans(duckdb::Connection& connection);

}  // namespace walbrook::destination::ducklake
