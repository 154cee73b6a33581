#include "replication/core/streamed_transaction.h"

#include <algorithm>

#include "model/drop_transactions.h"

namespace walbrook::replication {

std::uint32_t StreamedTransaction::index_of(std::uint32_t subxid) {
  if (const auto found = index_.find(subxid); found != index_.end() && changed_by_.contains(subxid)) {
    return found->second;
  }
  changed_by_.insert(subxid);
  return index_of_unchanged(subxid);
}

std::uint32_t StreamedTransaction::index_of_unchanged(std::uint32_t subxid) {
  if (const auto found = index_.find(subxid); found != index_.end()) return found->second;
  changes_.add(Transaction{.xid = subxid});
  return index_[subxid] = changes_.newest();
}

std::vector<std::uint32_t> StreamedTransaction::aborted() const {
  std::vector<std::uint32_t> list(aborted_.begin(), aborted_.end());
  std::ranges::sort(list);
  return list;
}

void StreamedTransaction::drop_aborted(const std::vector<Transaction>& transactions,
                                       std::vector<Operation>& operations) {
  index_.clear();  // it points into the transactions that leave
  if (aborted_.empty()) return;
  std::vector<bool> dropped;
  dropped.reserve(transactions.size());
  for (const auto& transaction : transactions) dropped.push_back(aborted_.contains(transaction.xid));
  drop_transactions(operations, dropped);
}

GatheredChanges StreamedTransaction::take() {
  auto out = changes_.take_all();
  drop_aborted(out.transactions, out.operations);
  return out;
}

TransactionPart StreamedTransaction::take_part() {
  auto out = changes_.take_part(xid_);
  drop_aborted(out.transactions, out.operations);
  spooled_ = true;
  return out;
}

}  // namespace walbrook::replication
