// A source whose system identifier has changed. After pg_upgrade, the cluster has another one, and the same tables.
#pragma once

#include <vector>

#include "destination/destination.h"
#include "postgres/catalog/catalog.h"

namespace walbrook::replication {

// Streaming tables continue. Each must be published as it was copied, with its OID (which pg_upgrade keeps), columns
// and types. Sets their fingerprints to the present ones and returns these records. What was altered between the last
// run and the upgrade is not detected. Throws Error(source_not_ready) that names the table that differs.
[[nodiscard]] std::vector<destination::OutputRecord> accept_new_system(std::vector<destination::OutputRecord>& tables,
                                                                       const postgres::Publication& publication);

}  // namespace walbrook::replication
