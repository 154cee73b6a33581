// Finds the checkpoints that an answer corresponds to: a file may hold target tables of several pipelines.
#pragma once

#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/query_references.h"
#include "destination/query_limits.h"

namespace walbrook::destination::duckdb {

// Returns, in the query's transaction, the checkpoints that the query's answer corresponds to, ordered by pipeline
// name. In a file with one checkpoint it is that one. Otherwise they are those of the pipelines whose target tables the
// query names, or of all pipelines if it names a table of schema _walbrook. A name that a common table expression hides
// counts as well: an answer may list a pipeline too many, never one too few.
[[nodiscard]] std::vector<PipelinePosition> positions_of(Connection& connection, const QueryReferences& references);

}  // namespace walbrook::destination::duckdb
