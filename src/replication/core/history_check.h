// Whether the stream continues the history that the checkpoint was made from. Pure.
//
// A server that was restored to an older state and has written past the checkpoint since cannot be told by its
// identifier, timeline or position. But its slot is at an older position as well. So the stream begins there, or at the
// last transaction that was applied where that is later, and what comes below the checkpoint is compared: the last
// applied transaction must come with the same commit LSN, xid and commit time, and no transaction with published
// changes may come between it and the checkpoint. (Transactions before it are not looked at: the checkpoint does not
// know them.)
//
// Where the slot is past the last transaction, that one cannot come, and only the second rule is left; where the slot
// is at the checkpoint, nothing is left to compare.
#pragma once

#include "base/error.h"
#include "model/transaction.h"

namespace walbrook::replication {

// The stream contradicts the checkpoint.
class OtherHistory : public Error {
 public:
  OtherHistory(std::string cause, Lsn checkpoint, std::uint32_t since);

  // A publication that was altered by this transaction or a later one may be the reason: PostgreSQL may then decode
  // differently what it has sent before. 0: nothing but another history can be.
  [[nodiscard]] std::uint32_t since() const { return since_; }

 private:
  std::uint32_t since_;
};

class HistoryCheck {
 public:
  // `last`: the last transaction with published changes below `checkpoint`; with xid 0 none since its commit_lsn;
  // without a commit_lsn nothing is known, and nothing is compared. `begins_at`: ChangeReader::begins_at.
  HistoryCheck(const Transaction& last, Lsn begins_at, Lsn checkpoint);

  // A transaction with published changes that commits below the checkpoint. Throws OtherHistory.
  void transaction(const Transaction& seen);
  // Everything that committed before `position` has come. Throws OtherHistory.
  void reached(Lsn position);
  // Nothing is left to compare. Until then nothing may be applied, and nothing confirmed: the slot would move past what
  // is to be compared.
  [[nodiscard]] bool is_settled() const { return settled_; }

 private:
  Transaction last_;
  Lsn checkpoint_;
  bool must_come_;  // and has not yet
  bool settled_;
};

}  // namespace walbrook::replication
