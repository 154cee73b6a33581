// Operations as bytes: parts of open transactions and changes of tables that are still being copied, which wait in the
// spool, and prepared transactions, which wait in the destination. The bytes are self-contained: they include schemas
// and transactions. The format is not public: it starts with a format number, and a part is read by the version that
// wrote it or a later one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"

namespace walbrook {

struct Part {
  std::vector<Transaction> transactions;
  std::vector<Operation> operations;  // RowBatch and Truncate; a part never names other parts
};

// The bytes of these operations. The result borrows nothing.
[[nodiscard]] std::string write_part(const std::vector<Transaction>& transactions,
                                     std::span<const Operation> operations);

// Throws Error(destination) if the bytes are damaged.
[[nodiscard]] Part read_part(std::string_view bytes);

}  // namespace walbrook
