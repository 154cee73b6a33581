// A committed transaction of the source.
#pragma once

#include <cstdint>

#include "base/lsn.h"

namespace walbrook {

struct Transaction {
  std::uint32_t xid = 0;         // in a part of a streamed transaction: of the subtransaction
  Lsn commit_lsn;                // start of its commit record; the seam compares it (table_sync.h)
  std::int64_t commit_time = 0;  // microseconds since 1970-01-01 UTC
};

}  // namespace walbrook
