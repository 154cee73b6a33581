// Whether the stream continues the history that the checkpoint was made from. Pure.
//
// A server that was restored to an older state and has written past the checkpoint since cannot be recognized by its
// identifier, timeline or position. But its slot is at an older position as well. So the stream begins there, or at the
// last transaction that was applied if that is later, and what comes below the checkpoint is compared: the last applied
// transaction must come with the same commit LSN, xid and commit time, and no transaction with published changes may
// come between it and the checkpoint. (Transactions before it are not compared: the checkpoint does not know them.)
//
// If the slot is past the last transaction, that one cannot come, and only the second rule applies; if the slot is at
// the checkpoint, nothing can be compared.
#pragma once

#include "base/error.h"
#include "model/transaction.h"

namespace walbrook::replication {

// Thrown when the stream contradicts the checkpoint.
class OtherHistory : public Error {
 public:
  OtherHistory(std::string cause, Lsn checkpoint, std::uint32_t since);

  // An alteration of the publication by a transaction newer than this one may explain the difference: PostgreSQL may
  // then decode what it has sent before in another way. This transaction's own alterations were in effect whenever it
  // was decoded. 0: only another history explains the difference.
  [[nodiscard]] std::uint32_t since() const { return since_; }

 private:
  std::uint32_t since_;
};

class HistoryCheck {
 public:
  // `last` is the last transaction with published changes below `checkpoint`; with xid 0 there is none since its
  // commit_lsn; without a commit_lsn nothing is known and nothing is compared. `begins_at` is ChangeReader::begins_at.
  HistoryCheck(const Transaction& last, Lsn begins_at, Lsn checkpoint);

  // Compares a transaction with published changes that commits below the checkpoint. Throws OtherHistory.
  void transaction(const Transaction& seen);
  // Notes that everything that committed before `position` has come. Throws OtherHistory.
  void reached(Lsn position);
  // Nothing is left to compare. REQUIRES of the caller: until then nothing is applied and nothing is confirmed, since
  // the slot would move past what has to be compared.
  [[nodiscard]] bool is_settled() const { return settled_; }

 private:
  Transaction last_;
  Lsn checkpoint_;
  bool must_come_;  // the last transaction must come and has not come yet
  bool settled_;
};

}  // namespace walbrook::replication
