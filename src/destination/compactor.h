// Replaces changes by the current state, at destinations that keep every change because rows cannot change there
// (Capabilities::rows_change).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "destination/state.h"

namespace walbrook::destination {

struct CompactedTable {
  TargetName target;
  std::uint64_t rows = 0;  // of its current state
  std::size_t files = 0;   // that hold them
  std::size_t former_files = 0;
};

class Compactor {
 public:
  Compactor() = default;
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;
  virtual ~Compactor() = default;

  // Replaces the changes of each table that has some by its current state, in one transaction, and returns these
  // tables. Readers see the same rows before and after, and later changes apply to them. What is replaced stays
  // readable for a while. Throws what Destination::begin and Transaction::commit throw; the destination is then as it
  // was. REQUIRES: the destination is open, not read-only, and no transaction is open.
  virtual std::vector<CompactedTable> compact() = 0;
};

}  // namespace walbrook::destination
