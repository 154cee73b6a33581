// The publication as a run will find it. Requests are checked against it before anything is created.
#pragma once

#include "postgres/catalog/catalog.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

// Returns an existing publication, with the tables that walbrook will add if it is walbrook's own. Otherwise returns it
// as it will be created. `as_new`: walbrook's own publication is dropped first.
[[nodiscard]] postgres::Publication expected_publication(const RunOptions& options, postgres::Connection& catalog,
                                                         bool as_new);

// Throws Error(configuration) if a column override or a selection of columns cannot be followed.
void check_asked_columns(const RunOptions& options, const postgres::Publication& expected,
                         const std::vector<destination::OutputRecord>& records, postgres::Connection& catalog,
                         TypeCatalog& types, const destination::Destination& destination);

}  // namespace walbrook::replication
