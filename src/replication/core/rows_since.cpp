#include "replication/core/rows_since.h"

#include <utility>

namespace walbrook::replication {

RowBatch rows_since(RowBatch&& batch, const std::vector<Transaction>& transactions, Lsn from) {
  std::size_t first = 0;
  while (first < batch.rows() && transactions[batch.transaction[first]].commit_lsn < from) ++first;
  return first == 0 ? std::move(batch) : batch.split(first);
}

}  // namespace walbrook::replication
