// Reads what is durable in the memory destination, as plain text for the auditor.
#pragma once

#include "destination/memory/memory_store.h"
#include "test/sim/replica_state.h"

namespace walbrook::sim {

// Returns the state of that pipeline. `commits`: ReplicaState::commits.
[[nodiscard]] ReplicaState read_replica(destination::memory::MemoryStore& store, const std::string& pipeline,
                                        std::uint64_t commits);
// Returns the pipeline's durable checkpoint; not set: there is none.
[[nodiscard]] Lsn read_checkpoint(destination::memory::MemoryStore& store, const std::string& pipeline);

}  // namespace walbrook::sim
