// What one query may take of the process that answers it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/lsn.h"

namespace walbrook::destination {

struct QueryLimits {
  milliseconds timeout{0};                         // of one query; 0 = none
  std::uint64_t rows = 0;                          // of its result; 0 = none
  std::uint64_t bytes = std::uint64_t{64} << 20U;  // of its result; 0 = none
  // Resident memory of the process from which on queries are ended; 0 = the destination's own (DuckDB's memory_limit
  // and what a process takes beside it). What one expression allocates at once is seen only afterwards.
  std::uint64_t memory = 0;
};

struct ReadOptions {
  std::string pipeline;  // whose tables are found first without their schema's name; "" = the destination's
  QueryLimits limits;
};

// A pipeline and the checkpoint that its target tables correspond to.
struct PipelinePosition {
  std::string pipeline;
  Lsn lsn;
  friend bool operator==(const PipelinePosition&, const PipelinePosition&) = default;
};

}  // namespace walbrook::destination
