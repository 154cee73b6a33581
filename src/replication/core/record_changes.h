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

// Tables that were renamed in the source (table_renames.h). They are stored before anything else, in a transaction of
// their own: one that also altered the tables or changed their rows could not be replayed by DuckDB (1.5.5), and would
// damage the catalog of DuckLake.
struct Renames {
  std::vector<destination::TargetMove> moves;
  std::vector<TableRecord> tables;
  std::vector<OutputRecord> outputs;
  std::vector<OutputRecord> former;  // the tables' outputs before; not stored

  void put(destination::Transaction& transaction) const;
};

struct RecordChanges {
  std::vector<Renames> renames;  // in their order; see store_renames()
  std::vector<TargetAlteration> alterations;
  std::vector<TableRecord> tables;
  std::vector<OutputRecord> outputs;

  [[nodiscard]] bool empty() const {
    return renames.empty() && alterations.empty() && tables.empty() && outputs.empty();
  }
  void add(const SyncedTable& table);  // adds its record and those of all its outputs
  void add(RecordChanges&& others);    // which were made later
  // Throws OutputFailed if a target cannot be altered. REQUIRES: `renames` is empty.
  void put(destination::Transaction& transaction) const;

 private:
  void forget_outdated(const Renames& later);
};

}  // namespace walbrook::replication
