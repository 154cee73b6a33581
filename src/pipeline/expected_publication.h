// The publication as a run will find it: what is checked against it is checked before anything is made.
#pragma once

#include "pipeline/run.h"
#include "source/catalog.h"

namespace walbrook::pipeline {

// Of one that exists, with the tables that walbrook adds to its own; else as it will be created. `as_new`: walbrook's
// own is dropped first.
[[nodiscard]] source::Publication expected_publication(const RunOptions& options, source::Connection& catalog,
                                                       bool as_new);

// Throws Error(configuration) where a column hint or a selection of columns cannot be followed.
void check_asked_columns(const RunOptions& options, const source::Publication& expected,
                         const std::vector<destination::TableRecord>& records, source::Connection& catalog,
                         TypeCatalog& types, const destination::Destination& destination);

}  // namespace walbrook::pipeline
