#include "postgres/catalog/catalog_moment.h"

#include <fmt/format.h>

#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {
namespace {

// Every role sees backend_xid. A snapshot's xmax is the ID after the newest transaction that has ended, while
// transactions with higher IDs may be open. age() counts from the next ID, so the sum of both is the next ID.
// No process of a standby has an ID. There, the snapshot has the oldest transaction that is open in the primary, in any
// database.
constexpr auto writers_of_database = R"(
SELECT s.xmax::text::bigint + pg_catalog.age(s.xmax::xid), coalesce((
  SELECT max(pg_catalog.age(xid)) FROM (
    SELECT backend_xid AS xid FROM pg_catalog.pg_stat_activity
    WHERE backend_xid IS NOT NULL AND datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
    UNION ALL SELECT transaction FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()
    UNION ALL SELECT s.xmin::text::xid WHERE pg_catalog.pg_is_in_recovery()
  ) AS writers), 0)
FROM (SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) AS xmax,
             (pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint % (1::bigint << 32)) AS xmin) AS s
)";

}  // namespace

CatalogMoment read_moment(Connection& catalog) {
  const auto writers = catalog.query(writers_of_database, {}, "looking for open transactions");
  CatalogMoment moment{.lsn = {}, .next_xid = static_cast<std::uint64_t>(writers.integer(0, 0)), .oldest_xid = 0};
  moment.oldest_xid = moment.next_xid - static_cast<std::uint64_t>(writers.integer(0, 1));
  // The position is read after the writers: a transaction that is not among them committed before this position.
  const auto position = catalog.query(fmt::format("SELECT {}", end_of_visible)).lsn(0, 0);
  moment.lsn = before_page_header(position);
  return moment;
}

}  // namespace walbrook::postgres
