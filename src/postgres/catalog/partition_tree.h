// The common beginning of queries that examine partitions.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::postgres {

// Returns a query that begins with `tree(root, oid)`. For each partitioned table among $1, an array of OIDs, the tree
// holds the table itself and all relations below it. `rest` selects from it.
[[nodiscard]] inline std::string over_partition_tree(std::string_view rest) {
  std::string sql = R"(
WITH RECURSIVE tree(root, oid) AS (
  SELECT r.oid, r.oid FROM pg_catalog.pg_class r WHERE r.oid = ANY ($1::oid[]) AND r.relkind = 'p'
  UNION ALL
  SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid WHERE NOT i.inhdetachpending
)
)";
  return sql.append(rest);
}

}  // namespace walbrook::postgres
