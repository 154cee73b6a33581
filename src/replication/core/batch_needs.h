// The columns that batches need in target tables, including the needs of parts that left before their commit.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "model/batch.h"
#include "replication/core/table_changes.h"
#include "replication/core/target_needs.h"

namespace walbrook::replication {

class BatchNeeds {
 public:
  // Collects what the part needs. REQUIRES: the part is in the spool.
  void add(const TransactionPart& part);
  // Drops what was collected. REQUIRES: what was spooled of the transaction, or of all transactions, is discarded.
  void forget(std::uint32_t xid) { of_parts_.erase(xid); }
  void forget_all() { of_parts_.clear(); }

  // What the batch needs, for its own changes and for those of its earlier parts. Parts of prepared transactions are
  // read from `destination`.
  [[nodiscard]] TargetNeeds of(const CommitBatch& batch, destination::Destination& destination) const;

 private:
  // What changes of some subtransactions need. It is not known yet which of them are rolled back.
  struct Need {
    std::set<std::uint32_t> subtransactions;
    bool of_many = false;   // of more than are remembered: they are never all rolled back, as far as we know
    TableSchemaRef schema;  // of rows
    std::set<std::string> overflow;
    std::shared_ptr<const AlteredTable> altered;  // instead of rows

    [[nodiscard]] bool is_rolled_back(std::span<const std::uint32_t> aborted) const;
  };
  static void add_rows(std::vector<Need>& needs, const RowBatch& batch, const std::vector<Transaction>& transactions);

  std::map<std::uint32_t, std::vector<Need>> of_parts_;  // by xid
};

// Gives target tables the columns that changes need, and notes that in `changes`. Returns how the changes go into them.
// Throws OutputFailed.
[[nodiscard]] Adaptations alter_targets(destination::Transaction& load, const TargetNeeds& needs, TableSync& sync,
                                        TableChanges& changes);

}  // namespace walbrook::replication
