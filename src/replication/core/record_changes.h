// The records that changed and have to be stored.
#pragma once

#include <vector>

#include "destination/transaction.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// A change of a target table that is made with the records that follow from it.
struct TargetAlteration {
  OutputRecord output;  // as it was before
  destination::Alteration alteration;
};

struct RecordChanges {
  std::vector<TargetAlteration> alterations;
  std::vector<TableRecord> tables;
  std::vector<OutputRecord> outputs;

  [[nodiscard]] bool empty() const { return alterations.empty() && tables.empty() && outputs.empty(); }
  void add(const SyncedTable& table);  // adds its record and those of all its outputs
  void add(RecordChanges&& others);
  // Throws OutputFailed if a target cannot be altered.
  void put(destination::Transaction& transaction) const;
};

}  // namespace walbrook::replication
