// Which tables are copied next, and what follows when an attempt to copy them ends: pure decisions, one order after the
// other.
//
// An attempt copies all tables that are ordered under one snapshot. What it leaves over (a table that was rewritten
// while the snapshot was taken, or everything, where the source was lost) is tried again under a newer one, after a
// wait that grows while no table gets done. What cannot be copied now, because the server is short of something or its
// writers stay open, goes back to the loader (postponement.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "replication/core/copy_order.h"
#include "replication/core/next.h"

namespace walbrook::replication {

class CopyPlan {
 public:
  // `follow`: a lost connection is waited for, however long.
  explicit CopyPlan(bool follow) : follow_(follow) {}

  // A new order of an output takes the place of the one before, and so does one of a table that was renamed or
  // recreated meanwhile: it would be stale under the old one for ever.
  void add(const CopyOrder& order);

  // RunAgain: an attempt is due. Without tables the wait has no end but the next order.
  [[nodiscard]] Next next(Now now) const;
  // The tables of the attempt that begins. REQUIRES: next() says that it is due.
  [[nodiscard]] std::vector<CopyOrder::Table> begin();

  // The attempt has ended; `left` are its tables that are not done.
  void ended(std::vector<CopyOrder::Table> left, Now now);
  struct Postponed {
    std::vector<CopyResult> results;  // for the loader
    std::string shortage;             // what the server is short of, for people; "" = nothing
  };
  // The same of an attempt that failed. Rethrows `failed` where the run cannot go on with it.
  // REQUIRES: `failed` is being handled.
  [[nodiscard]] Postponed failed(std::vector<CopyOrder::Table> left, const Error& failed, Now now);

 private:
  bool follow_;
  std::vector<CopyOrder::Table> tables_;  // not done, and no attempt is under way
  std::size_t begun_ = 0;                 // tables of the attempt under way
  int attempts_ = 0;                      // in a row, of one order, without a table done
  SteadyTime not_before_{};
};

}  // namespace walbrook::replication
