// The position of the source's log when its catalog was read, and the transactions that were writing then.
#pragma once

#include <cstdint>

#include "base/lsn.h"
#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// A moment that is read after something was seen in the catalog. Transactions are identified by their full (64-bit)
// IDs.
//
// Every transaction of this database that had begun to write before that observation has an ID below `next_xid`. None
// below `oldest_xid` is still open, and what those transactions committed lies before `lsn`.
struct CatalogMoment {
  Lsn lsn;  // unset = not read
  std::uint64_t next_xid = 0;
  std::uint64_t oldest_xid = 0;
};
// An SQL expression: a position after which nothing lies that a query sees. On a standby that is what was received: a
// commit becomes visible while its record is replayed, and the replayed position is advanced afterwards.
inline constexpr auto end_of_visible =
    "CASE WHEN pg_catalog.pg_is_in_recovery() "
    "THEN greatest(pg_catalog.pg_last_wal_replay_lsn(), pg_catalog.pg_last_wal_receive_lsn()) "
    "ELSE pg_catalog.pg_current_wal_insert_lsn() END";
[[nodiscard]] CatalogMoment read_moment(Connection& catalog);

}  // namespace walbrook::postgres
