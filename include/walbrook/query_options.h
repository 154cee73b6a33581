// The limits of Pipeline::query.
#pragma once

#include <cstdint>

namespace walbrook {

// Limits of one query; 0 means no limit. A query that exceeds one fails with Error(configuration): query() throws it,
// or the stream that query() returned reports it.
struct PipelineQueryOptions {
  double query_timeout = 0;      // seconds of computing; time of the program between two batches is not counted
  std::uint64_t query_rows = 0;  // rows of the result
  // Resident bytes of the process, including the program's own. Memory that one expression allocates at once, such as
  // repeat('x', 3000000000), is noticed only afterwards.
  std::uint64_t query_memory = 0;
};

}  // namespace walbrook
