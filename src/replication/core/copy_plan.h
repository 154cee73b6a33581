// Which tables are copied next, and what follows when an attempt to copy them ends: pure decisions, one order after the
// other.
//
// An attempt copies all ordered tables under one snapshot. What it leaves over (a table that was rewritten while the
// snapshot was taken, or all tables if the source was lost) is tried again under a newer snapshot, after a wait that
// grows while no table is finished. Tables that cannot be copied now, because the server is short of something or its
// writers stay open, go back to the loader (postponement.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "replication/core/copy_order.h"
#include "replication/core/next.h"

namespace walbrook::replication {

class CopyPlan {
 public:
  // `follow`: a lost connection is retried without end.
  explicit CopyPlan(bool follow) : follow_(follow) {}

  // Adds an order. It replaces an earlier order of the same output, and of a table that was renamed or recreated
  // meanwhile: under the earlier order that table would be stale forever.
  void add(const CopyOrder& order);

  // RunAgain: an attempt is due. Without tables the wait ends with the next order only.
  [[nodiscard]] Next next(Now now) const;
  // The tables of the attempt that begins. REQUIRES: next() returned RunAgain.
  [[nodiscard]] std::vector<CopyOrder::Table> begin();

  // Notes that the attempt has ended; `left` are its tables that are not finished.
  void ended(std::vector<CopyOrder::Table> left, Now now);
  struct Postponed {
    std::vector<CopyResult> results;  // for the loader
    std::string shortage;             // what the server is short of, for people; "" = nothing
  };
  // Notes that the attempt has failed; `left` are its tables that are not finished. Rethrows `failed` if the run cannot
  // continue after it. REQUIRES: `failed` is being handled.
  [[nodiscard]] Postponed failed(std::vector<CopyOrder::Table> left, const Error& failed, Now now);

 private:
  bool follow_;
  std::vector<CopyOrder::Table> tables_;  // tables that are not finished and of no attempt
  std::size_t begun_ = 0;                 // number of tables of the attempt under way
  // Attempts in a row, since the last order, that finished no table.
  int attempts_ = 0;
  SteadyTime not_before_{};
};

}  // namespace walbrook::replication
