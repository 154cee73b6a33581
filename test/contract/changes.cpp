#include "test/contract/changes.h"

#include <algorithm>
#include <chrono>

#include "output/append.h"

namespace walbrook::contract {
namespace {

// Time passes in all processes alike.
walbrook::Transaction next_transaction() {
  using std::chrono::duration_cast;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return {.xid = 700,
          .commit_lsn = Lsn{static_cast<std::uint64_t>(duration_cast<std::chrono::nanoseconds>(now).count())},
          .commit_time = 1'700'000'000'000'000};
}

bool have_same_key(const TableSchema& schema, const RowRef& a, const RowRef& b) {
  return std::ranges::all_of(schema.key_columns(), [&](std::size_t at) {
    return a.batch->columns[at].same_value(a.row, b.batch->columns[at], b.row);
  });
}

}  // namespace

Changes::Changes(const RowOperations& effect) : transactions_{next_transaction()}, batch_(effect.schema) {
  for (const auto& patch : effect.complete) {
    const bool keeps_key = effect.keyed && have_same_key(*effect.schema, patch.row, patch.origin);
    if (!keeps_key) add(Op::before, patch.origin);
    add(Op::update, patch.row);
  }
  for (const auto& removal : effect.remove) {
    const bool is_of_patch = effect.keyed && std::ranges::any_of(effect.complete, [&](const Patch& patch) {
                               return have_same_key(*effect.schema, patch.origin, removal.row);
                             });
    for (std::uint32_t i = 0; i < removal.count && !is_of_patch; ++i) add(Op::remove, removal.row);
  }
  for (const auto& row : effect.append) add(Op::insert, row);
  changes_ = append_changes({&batch_});
  changes_.transactions = &transactions_;
}

void Changes::add(Op op, const RowRef& row) {
  const auto at = batch_.rows();
  for (std::size_t c = 0; c < batch_.columns.size(); ++c) {
    batch_.columns[c].append_from(row.batch->columns[c], row.row);
    if (op == Op::update && row.batch->unchanged(row.row, c)) batch_.mark_unchanged(at, c);
  }
  // The `before` row of an update has the update's number.
  const bool is_second = op == Op::update && at > 0 && batch_.ops.back() == Op::before;
  const auto last = batch_.sequence.empty() ? 0 : batch_.sequence.back() + 1;
  batch_.finish_row(op, 0, is_second ? batch_.sequence.back() : last);
}

}  // namespace walbrook::contract
