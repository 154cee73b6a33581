// A transaction that the server streams before it ends: its changes so far, each under the subtransaction that made it,
// and the subtransactions that were rolled back meanwhile. Changes that do not fit into memory are spooled; the others
// stay here until it is known how the transaction ends.
//
// A part that was spooled cannot be changed any more. If a subtransaction is rolled back later, its xid is kept in
// aborted(), and its changes are left out when the part is applied (MergeParts::aborted).
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
  // The index of the (sub)transaction in changes().content().transactions. Adds it at its first change.
  [[nodiscard]] std::uint32_t index_of(std::uint32_t subxid);
  // The same, for what is no change.
  [[nodiscard]] std::uint32_t index_of_unchanged(std::uint32_t subxid);
  // The relations that the stream described within this transaction: it may have altered tables that no other
  // transaction sees altered.
  [[nodiscard]] std::unordered_map<Oid, std::shared_ptr<RelationState>>& relations() { return relations_; }

  // The number of the next change, for RowBatch::sequence.
  [[nodiscard]] std::uint32_t next_sequence() { return sequence_++; }

  // The subtransaction was rolled back.
  void abort(std::uint32_t subxid) {
    if (planted::is(planted::Fault::rollback_to_dropped)) return;
    aborted_.insert(subxid);
    changed_by_.erase(subxid);
  }
  // It has changes that were not rolled back, perhaps none that its batch holds.
  [[nodiscard]] bool changed() const { return !changed_by_.empty(); }
  [[nodiscard]] std::vector<std::uint32_t> aborted() const;  // ascending
  // It brought descriptions of altered tables, perhaps in subtransactions that were rolled back.
  void note_altered() { altered_ = true; }
  [[nodiscard]] bool altered() const { return altered_; }
  // Parts of it were handed out to be spooled.
  [[nodiscard]] bool spooled() const { return spooled_; }

  // Takes the changes that are held here, without those of subtransactions that are known to be rolled back.
  [[nodiscard]] GatheredChanges take();
  // Takes these changes as a part, to be spooled; the transaction continues.
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
  bool altered_ = false;
};

}  // namespace walbrook::replication
