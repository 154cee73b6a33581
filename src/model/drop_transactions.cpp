#include "model/drop_transactions.h"

#include <algorithm>
#include <utility>

#include "model/operation_transaction.h"

namespace walbrook {
namespace {

RowBatch without(const RowBatch& batch, const std::vector<bool>& dropped) {
  RowBatch kept(batch.schema);
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (dropped[batch.transaction[row]]) continue;
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      kept.columns[c].append_from(batch.columns[c], row);
      if (batch.unchanged(row, c)) kept.mark_unchanged(kept.rows(), c);
    }
    kept.finish_row(batch.ops[row], batch.transaction[row], batch.sequence[row]);
  }
  return kept;
}

}  // namespace

void drop_transactions(std::vector<Operation>& operations, const std::vector<bool>& dropped) {
  if (std::ranges::find(dropped, true) == dropped.end()) return;
  for (auto& operation : operations) {
    auto* batch = std::get_if<RowBatch>(&operation);
    if (batch == nullptr) continue;
    if (std::ranges::any_of(batch->transaction, [&](auto index) { return dropped[index]; })) {
      *batch = without(*batch, dropped);
    }
  }
  std::erase_if(operations, [&](const Operation& operation) {
    if (const auto* batch = std::get_if<RowBatch>(&operation)) return batch->rows() == 0;
    const auto* transaction = transaction_of(operation);
    return transaction != nullptr && dropped[*transaction];
  });
}

}  // namespace walbrook
