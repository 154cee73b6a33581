// The publication as a run will find it: what is checked against it is checked before anything is made.
#pragma once

#include "postgres/catalog/catalog.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

// Of one that exists, with the tables that walbrook adds to its own; else as it will be created. `as_new`: walbrook's
// own is dropped first.
[[nodiscard]] postgres::Publication expected_publication(const RunOptions& options, postgres::Connection& catalog,
                                                         bool as_new);

// Throws Error(configuration) where a column override or a selection of columns cannot be followed.
void check_asked_columns(const RunOptions& options, const postgres::Publication& expected,
                         const std::vector<destination::OutputRecord>& records, postgres::Connection& catalog,
                         TypeCatalog& types, const destination::Destination& destination);

}  // namespace walbrook::replication
