// The wait of a batch for the catalog: rows that follow a Relation message are not applied before a catalog poll shows
// what happened to their tables. The wait is bounded; after that the next poll that succeeds compares the tables.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/lsn.h"
#include "replication/core/copy_order.h"

namespace walbrook::replication {

class CatalogWait {
 public:
  // Notes that a poll was taken in: everything that committed before `complete_to` was seen in the catalog.
  void seen(Lsn complete_to);
  // Until when the batch in hand waits; nullopt: it does not, or it has waited for long enough. `described` is
  // CommitBatch::described: the newest commit in which a Relation message came; unset: none came. Asks `catalog` for a
  // poll if one is needed.
  [[nodiscard]] std::optional<SteadyTime> until(Lsn described, CatalogReadings& catalog, Now now);

 private:
  Lsn complete_to_;
  std::optional<SteadyTime> waited_to_;  // set while the batch in hand waits: the latest end of that wait
  bool is_asked_ = false;                // a poll was asked for since the last one was taken in
  Lsn not_waited_for_;                   // the newest `described` for which no poll came in time
};

}  // namespace walbrook::replication
