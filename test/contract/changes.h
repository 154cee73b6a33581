// The changes that have a given net effect, for destinations that take every change instead of net effects.
#pragma once

#include <memory>
#include <vector>

#include "model/row_batch.h"
#include "model/transaction.h"
#include "output/row_operations.h"

namespace walbrook::contract {

class Changes {
 public:
  // All changes are of one transaction, which commits after that of every Changes that was made before, in whatever
  // process. Borrows nothing.
  explicit Changes(const RowOperations& effect);

  [[nodiscard]] const RowOperations& get() const { return changes_; }

 private:
  void add(Op op, const RowRef& row);

  std::vector<walbrook::Transaction> transactions_;
  RowBatch batch_;
  RowOperations changes_;
};

}  // namespace walbrook::contract
