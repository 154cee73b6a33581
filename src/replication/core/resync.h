// A resync that a user asks for: tables are copied again, and the new copy takes the old one's place (table_sync.h).
//
// A run that is at work takes the request through its local socket; where there is none the request waits as the
// tables' state, `pending`, for the next run.
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "destination/destination.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"

namespace walbrook::replication {

inline constexpr const char* resync_requested = "a resync was requested";

// Throws Error(configuration) for the first of `names` that cannot be copied again: it is unknown, was removed, or has
// no source.
void check_resync(const destination::State& known, const std::vector<postgres::TableName>& names);

// Marks them in the state of a destination that no run holds, in one load. Throws what check_resync does.
void mark_for_resync(destination::Destination& destination, const std::vector<postgres::TableName>& names);

// Asked by any thread, answered by the loader's.
struct ResyncRequest {
  struct Answer {
    std::mutex mutex;  // guards both
    bool durable = false;
    std::exception_ptr refused;
  };
  std::vector<postgres::TableName> tables;
  std::shared_ptr<Answer> answer;
};

}  // namespace walbrook::replication
