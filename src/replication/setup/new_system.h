// A source whose system identifier has changed: after pg_upgrade the cluster has another one, and the same tables.
#pragma once

#include <vector>

#include "destination/destination.h"
#include "postgres/catalog/catalog.h"

namespace walbrook::replication {

// The tables that are streaming continue as they are: each must be published as it was copied, with its OID (which
// pg_upgrade keeps), columns and types. Their fingerprints become those of now; returns these records. What was altered
// between the last run and the upgrade is not seen. Throws Error(source_not_ready) that names the table that differs.
[[nodiscard]] std::vector<destination::OutputRecord> accept_new_system(std::vector<destination::OutputRecord>& tables,
                                                                       const postgres::Publication& publication);

}  // namespace walbrook::replication
