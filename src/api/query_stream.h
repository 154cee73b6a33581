// Pipeline::query: rows of a query on the pipeline's own destination as an Arrow stream.
#pragma once

#include <string>

#include "api/engine_run.h"
#include "walbrook/arrow.h"
#include "walbrook/query_options.h"

namespace walbrook::api {

// The stream holds the destination until it is released. May be called while a run of the same pipeline is at work, by
// any thread: what it reads of `state` does not change then.
[[nodiscard]] ArrowArrayStream open_query(const PipelineState& state, const std::string& sql,
                                          const PipelineQueryOptions& options);

}  // namespace walbrook::api
