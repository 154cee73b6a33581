#include "postgres/publication/publication_age.h"

#include <fmt/format.h>

namespace walbrook::postgres {

// age() compares xids, which wrap around, as the server does. FREEZE does not change the displayed xmin.
bool publication_altered_since(Connection& catalog, const std::string& publication, std::uint32_t xid) {
  constexpr int schemas_since = 150000;  // FOR TABLES IN SCHEMA
  std::string sql = R"(
WITH p AS (SELECT oid, xmin FROM pg_catalog.pg_publication WHERE pubname = $1),
parts AS (
  SELECT xmin FROM p
  UNION ALL
  SELECT r.xmin FROM pg_catalog.pg_publication_rel r JOIN p ON p.oid = r.prpubid)";
  if (catalog.server_version() >= schemas_since) {
    sql += R"(
  UNION ALL
  SELECT n.xmin FROM pg_catalog.pg_publication_namespace n JOIN p ON p.oid = n.pnpubid)";
  }
  sql += R"(
)
SELECT coalesce(min(pg_catalog.age(xmin)) < pg_catalog.age($2::xid), true) FROM parts)";
  return catalog
      .query(sql, {publication, std::to_string(xid)}, "looking up when publication " + publication + " was altered")
      .boolean(0, 0);
}

}  // namespace walbrook::postgres
