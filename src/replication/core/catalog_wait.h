// Rows that follow a Relation message wait for the catalog poll that tells what happened to their tables.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/lsn.h"
#include "replication/core/copy_order.h"

namespace walbrook::replication {

class CatalogWait {
 public:
  // A poll has been taken in: everything committed before `complete_to` was seen in the catalog.
  void seen(Lsn complete_to);
  // Until when a batch waits whose rows are described by Relation messages of commits up to `described` (unset: by
  // none); nullopt: it does not, or has waited for long enough. Asks `catalog` for a poll where one is needed.
  [[nodiscard]] std::optional<SteadyTime> until(Lsn described, CatalogReadings& catalog, Now now);

 private:
  Lsn complete_to_;
  std::optional<SteadyTime> waited_to_;  // the batch in hand waits, at most so long
  bool is_asked_ = false;                // since a poll was taken in last
  Lsn not_waited_for_;                   // the newest `described` for which no poll came in time
};

}  // namespace walbrook::replication
