// Writes rows of the program into a table of the destination.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/engine_run.h"
#include "walbrook/arrow.h"

namespace walbrook::api {

struct StreamPlan {
  std::string table_name, write_disposition;
  std::vector<std::string> primary_key;
  bool dev_mode = false;
  std::stop_token stop;
};

// Takes the stream over. Sets state.last_load.
LoadInfo run_stream(PipelineState& state, ArrowArrayStream* stream, const StreamPlan& plan);

}  // namespace walbrook::api
