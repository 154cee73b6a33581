// A transaction that the server streams before it ends: what it changed so far, each change under the subtransaction
// that made it, and the subtransactions that were rolled back meanwhile. What does not fit into memory is spooled; the
// rest stays here until it is known how the transaction ends.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/planted.h"
#include "replication/core/open_batch.h"

namespace walbrook::replication {

class StreamedTransaction {
 public:
  StreamedTransaction(std::uint32_t xid, const postgres::ParseOptions& parsing) : xid_(xid), changes_(parsing) {}

  [[nodiscard]] std::uint32_t xid() const { return xid_; }
  [[nodiscard]] OpenBatch& changes() { return changes_; }
  // Index of the (sub)transaction among changes().content().transactions.
  [[nodiscard]] std::uint32_t index_of(std::uint32_t subxid);
  // What the stream described within this transaction: perhaps tables that it alone has altered so far.
  [[nodiscard]] std::unordered_map<Oid, std::shared_ptr<RelationState>>& relations() { return relations_; }

  // RowBatch::sequence of the next change.
  [[nodiscard]] std::uint32_t next_sequence() { return sequence_++; }

  void abort(std::uint32_t subxid) {
    if (planted::is(planted::Fault::rollback_to_dropped)) return;
    aborted_.insert(subxid);
    changed_by_.erase(subxid);
  }
  // It has changes that were not rolled back, also such that the batch leaves out.
  [[nodiscard]] bool changed() const { return !changed_by_.empty(); }
  [[nodiscard]] std::vector<std::uint32_t> aborted() const;  // ascending
  // Parts of it have left for the spool.
  [[nodiscard]] bool spooled() const { return spooled_; }

  // What is held here, without the changes of subtransactions that are known to be rolled back.
  [[nodiscard]] GatheredChanges take();
  // The same, to be spooled; it goes on.
  [[nodiscard]] TransactionPart take_part();

 private:
  void drop_aborted(const std::vector<Transaction>& transactions, std::vector<Operation>& operations);

  std::uint32_t xid_;
  OpenBatch changes_;
  std::unordered_map<std::uint32_t, std::uint32_t> index_;
  std::unordered_map<Oid, std::shared_ptr<RelationState>> relations_;
  std::unordered_set<std::uint32_t> aborted_;
  std::unordered_set<std::uint32_t> changed_by_;  // (sub)transactions with changes that are not in aborted_
  std::uint32_t sequence_ = 0;
  bool spooled_ = false;
};

}  // namespace walbrook::replication
