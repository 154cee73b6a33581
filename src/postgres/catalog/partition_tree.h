// The beginning of a query that looks at partitions.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::postgres {

// A query that begins with `tree(root, oid)`: of the tables $1, an array of OIDs, those that are partitioned, each with
// all relations below it and itself. `rest` selects from it.
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
