#include "destination/transaction.h"

#include <fmt/format.h>

#include "base/error.h"

namespace walbrook::destination {

OutputRecord TargetMove::before() const {
  auto record = output;
  record.target_schema = former.schema;
  record.target_name = former.table;
  return record;
}

void refuse_no_copy(const OutputRecord& output) {
  throw Error(ErrorKind::internal, fmt::format("table {}.{} has no finished copy", output.schema, output.name));
}

MergeCounts apply(Transaction& transaction, const OutputRecord& output, const RowOperations& operations) {
  MergeCounts counts;
  const RowsOf rows{.schema = operations.schema,
                    .transactions = operations.transactions,
                    .load_id = operations.load_id,
                    .keyed = operations.keyed,
                    .copied_at = operations.copied_at};
  transaction.expect(output, operations);
  if (!operations.complete.empty()) transaction.complete(output, rows, operations.complete);
  if (!operations.remove.empty()) counts.removed = transaction.remove(output, rows, operations.remove);
  if (!operations.append.empty() || !operations.complete.empty()) {
    const auto appended = transaction.append(output, rows, operations.append);
    counts.written = appended.rows;
    counts.overflow_values = appended.overflow;
  }
  return counts;
}

}  // namespace walbrook::destination
