// What _walbrook.loads tells: a row of each batch, and one of the tables that were ordered to be copied together.
#pragma once

#include <map>
#include <vector>

#include "model/batch.h"
#include "replication/core/batch_apply.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

[[nodiscard]] destination::LoadRecord load_record(std::int64_t id, const CommitBatch& batch, const BatchApply& applied,
                                                  TableSync& sync, WallTime started);

// Tables of one order may become visible in several loads: their row grows with each. Copied before a load and put back
// when it is durable.
class CopyLoads {
 public:
  void begin(std::int64_t load_id, WallTime now);
  // `swapped_in` has applied the changes that waited for the output's copy.
  void add(const SyncedOutput& output, const BatchApply& swapped_in);
  // The rows that `add` changed since.
  [[nodiscard]] std::vector<destination::LoadRecord> take_changed();

 private:
  struct Copies {
    destination::LoadRecord record;
    std::map<std::string, std::uint64_t> rows;  // copied and changed, by table
    bool changed = false;
  };
  std::map<std::int64_t, Copies> copies_;
};

}  // namespace walbrook::replication
