// Operations as bytes: parts of open transactions and changes of tables that are still being copied, which wait in the
// spool, and prepared transactions, which wait in the destination. Self-contained: schemas and transactions are in it.
// Not a public format: a part is read by the version that wrote it or a later one, and starts with a format number.
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

// Borrows nothing: the bytes are whole.
[[nodiscard]] std::string write_part(const std::vector<Transaction>& transactions,
                                     std::span<const Operation> operations);

// Damaged bytes are an Error of kind destination.
[[nodiscard]] Part read_part(std::string_view bytes);

}  // namespace walbrook
