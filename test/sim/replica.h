// Reads what is durable in the memory destination, as plain text for the auditor.
#pragma once

#include "destination/memory/memory_store.h"
#include "test/sim/replica_state.h"

namespace walbrook::sim {

// Returns the state of that pipeline. `commits`: ReplicaState::commits.
[[nodiscard]] ReplicaState read_replica(destination::memory::MemoryStore& store, const std::string& pipeline,
                                        std::uint64_t commits);
// Returns the columns and rows of a target table as of now; none: there is no such table.
[[nodiscard]] ReplicaTable read_target(destination::memory::MemoryStore& store, const destination::TargetName& name);
// Gives a value of a row another text, as a program or a person would that is not the engine: the row with the smallest
// key below `bound`. `key`: the column of the key that the bound is for. Returns false if there is none.
[[nodiscard]] bool damage_row(destination::memory::MemoryStore& store, const destination::TargetName& name,
                              const std::string& key, int bound);
// Returns the pipeline's durable checkpoint; not set: there is none.
[[nodiscard]] Lsn read_checkpoint(destination::memory::MemoryStore& store, const std::string& pipeline);

}  // namespace walbrook::sim
