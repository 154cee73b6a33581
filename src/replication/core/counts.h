// How many changes of the source were applied.
#pragma once

#include <cstdint>

namespace walbrook::replication {

struct Counts {
  std::uint64_t transactions = 0;
  std::uint64_t inserts = 0, updates = 0, deletes = 0, truncates = 0;
  std::uint64_t overflow_values = 0;
  std::uint64_t loads = 0;

  Counts& operator+=(const Counts& more) {
    transactions += more.transactions;
    inserts += more.inserts;
    updates += more.updates;
    deletes += more.deletes;
    truncates += more.truncates;
    overflow_values += more.overflow_values;
    loads += more.loads;
    return *this;
  }
};

}  // namespace walbrook::replication
