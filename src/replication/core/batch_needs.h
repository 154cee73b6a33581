// What batches need of target tables, their parts that wait for a commit included.
#pragma once

#include <cstdint>
#include <map>

#include "destination/destination.h"
#include "model/batch.h"
#include "replication/core/target_needs.h"

namespace walbrook::replication {

class BatchNeeds {
 public:
  // The part is in the spool.
  void add(const TransactionPart& part);
  // What was spooled of the transaction, or of all of them, is discarded.
  void forget(std::uint32_t xid) { of_parts_.erase(xid); }
  void forget_all() { of_parts_.clear(); }

  // Of the batch's own changes, and of those of its earlier parts.
  [[nodiscard]] TargetNeeds of(const CommitBatch& batch, destination::Destination& destination) const;

 private:
  std::map<std::uint32_t, TargetNeeds> of_parts_;  // by xid
};

// Adds to targets the columns that changes need and they do not have yet. Throws OutputFailed.
void alter_targets(destination::Transaction& load, const TargetNeeds& needs, TableSync& sync);

}  // namespace walbrook::replication
