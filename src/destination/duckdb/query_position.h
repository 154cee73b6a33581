// Which pipelines' checkpoints an answer corresponds to: a file may hold target tables of several.
#pragma once

#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/query_references.h"
#include "destination/query_limits.h"

namespace walbrook::destination::duckdb {

// In a file with one checkpoint: that one. Else those of the pipelines whose target tables the query names, of all
// where it names a table of schema _walbrook, in the order of their names. A name that a common table expression hides
// counts as well: an answer may list a pipeline too many, never one too few. In the transaction of the query.
[[nodiscard]] std::vector<PipelinePosition> positions_of(Connection& connection, const QueryReferences& references);

}  // namespace walbrook::destination::duckdb
