// The limits on what one query may take from the process that answers it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/lsn.h"

namespace walbrook::destination {

struct QueryLimits {
  milliseconds timeout{0};                         // for one query; 0 = no limit
  std::uint64_t rows = 0;                          // in its result; 0 = no limit
  std::uint64_t bytes = std::uint64_t{64} << 20U;  // of its result; 0 = no limit
  // The resident memory of the process above which queries are ended; 0 = the destination's default (DuckDB's
  // memory_limit, plus what a process takes besides it). What a single expression allocates at once is noticed only
  // afterwards.
  std::uint64_t memory = 0;
};

struct ReadOptions {
  std::string pipeline;  // its tables are found first by their bare names; "" = the destination's pipeline
  QueryLimits limits;
};

// A pipeline and the checkpoint that its target tables correspond to.
struct PipelinePosition {
  std::string pipeline;
  Lsn lsn;
  friend bool operator==(const PipelinePosition&, const PipelinePosition&) = default;
};

}  // namespace walbrook::destination
