// The rows of _walbrook.loads: one for each batch, and one for the tables of each copy order.
#pragma once

#include <map>
#include <vector>

#include "model/batch.h"
#include "replication/core/batch_apply.h"
#include "replication/core/part_order.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

// The row of the batch that `applied` has applied.
[[nodiscard]] destination::LoadRecord load_record(std::int64_t id, const CommitBatch& batch, const BatchApply& applied,
                                                  TableSync& sync, WallTime started);

// The row of a part of a table that was copied again (part_apply.h).
[[nodiscard]] destination::LoadRecord load_record(std::int64_t id, const PartResult& part, const OutputRecord& output,
                                                  WallTime started);

// The rows of the copy orders. Tables of one order may be swapped in by several loads: their row grows with each. The
// loader works on a copy during a load and keeps it when the load is durable.
class CopyLoads {
 public:
  // A copy order begins, whose row has the id `load_id`. Rows of earlier orders are forgotten if none of `tables` waits
  // for them any more.
  void begin(std::int64_t load_id, WallTime now, const std::map<Oid, SyncedTable>& tables);
  // Adds an output whose copy was swapped in; `swapped_in` has applied its spooled changes.
  void add(const SyncedOutput& output, const BatchApply& swapped_in);
  // The rows that `add` has changed since the last call.
  [[nodiscard]] std::vector<destination::LoadRecord> take_changed();

 private:
  struct Copies {
    destination::LoadRecord record;
    std::map<std::string, std::uint64_t> rows;  // by table: rows that were copied or changed
    bool changed = false;
  };
  std::map<std::int64_t, Copies> copies_;
};

}  // namespace walbrook::replication
