// Table sync over a real destination, as the loader uses it.
#pragma once

#include <string>
#include <vector>

#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {

inline constexpr SteadyTime start{};

class TableSyncCase : public EngineCase {
 protected:
  // Orders copies, and stores what changed.
  std::vector<FoundOutput> order(SteadyTime now = start) {
    const auto ordered = sync().order_copies(7, now);
    std::vector<OutputRecord> records;
    for (const auto& each : ordered) records.push_back(each.output->record);
    store(records);
    return ordered;
  }
  // Passes on the table as the catalog shows it now. Returns the records that changed.
  RecordChanges see_table(const postgres::SourceTable& table, std::uint64_t position = 0x1000,
                          std::uint64_t reached = 0x1000) {
    return see(published({table}, position), reached);
  }
  void expect_pending(const std::string& reason) {
    EXPECT_EQ(state_of(items_oid), OutputState::pending);
    EXPECT_EQ(record(items_oid).reason, reason);
    EXPECT_EQ(stored(record(items_oid).name)->state, OutputState::pending) << "what changed is to be stored";
  }
};

}  // namespace walbrook::replication
