// A resync that a user requests: tables are copied again, and the new copy takes the place of the old one
// (table_sync.h).
//
// A run that is at work takes the request through its local socket. Without one, the request is stored as the state
// `pending` of the outputs, for the next run.
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

// Throws Error(configuration) for the first of `names` that cannot be copied again: it is unknown, is left out of the
// publication, has left it, was removed, or has no source.
void check_resync(const destination::State& known, const std::vector<postgres::TableName>& names);

// Marks the outputs of these tables `pending`, durably and in one load, at a destination that no run has open. Throws
// what check_resync throws, and what the destination throws.
void mark_for_resync(destination::Destination& destination, const std::vector<postgres::TableName>& names);

// A request to a run. Any thread makes it; the loader's thread answers it.
struct ResyncRequest {
  struct Answer {
    std::mutex mutex;            // guards the two fields below
    bool durable = false;        // the request is stored
    std::exception_ptr refused;  // what check_resync threw; null: nothing
  };
  std::vector<postgres::TableName> tables;
  std::shared_ptr<Answer> answer;
};

}  // namespace walbrook::replication
