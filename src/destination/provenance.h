// The source of the metadata columns of rows that are written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/lsn.h"
#include "destination/transaction.h"
#include "model/transaction.h"

namespace walbrook::destination {

struct Provenance {
  const std::vector<walbrook::Transaction>* transactions = nullptr;  // borrowed; nullptr: the rows were copied
  Lsn copied_at;                                                     // the consistent point of copied rows
  std::int64_t load_id = 0;
  // The target's names for the schema's columns, where a target names the columns that were not sent; else empty.
  std::vector<std::string> names = {};
};

[[nodiscard]] inline Provenance provenance_of(const RowsOf& rows) {
  return {.transactions = rows.transactions, .copied_at = rows.copied_at, .load_id = rows.load_id};
}

}  // namespace walbrook::destination
