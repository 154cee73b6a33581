// Pipeline::query: the rows of a query on the pipeline's destination, as an Arrow stream.
#pragma once

#include <string>

#include "api/engine_run.h"
#include "walbrook/arrow.h"
#include "walbrook/query_options.h"

namespace walbrook::api {

// The stream holds the destination until it is released. Any thread may call this while a run of the same pipeline is
// at work: the fields of `state` that it reads do not change then.
[[nodiscard]] ArrowArrayStream open_query(const PipelineState& state, const std::string& sql,
                                          const PipelineQueryOptions& options);

}  // namespace walbrook::api
