// The limits of Pipeline::query.
#pragma once

#include <cstdint>

namespace walbrook {

// What one query may take; 0 = no limit. A query that passes one throws Error(configuration), from query() or from the
// stream that it returned.
struct PipelineQueryOptions {
  double query_timeout = 0;      // seconds of computing: what the program does between two batches does not count
  std::uint64_t query_rows = 0;  // of the result
  // Resident bytes of the process, the program's own among them. What one expression allocates at once, such as
  // repeat('x', 3000000000), is seen only afterwards.
  std::uint64_t query_memory = 0;
};

}  // namespace walbrook
