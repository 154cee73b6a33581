#include "destination/duckdb/query_position.h"

#include <fmt/format.h>

#include <set>

#include "base/lsn.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination::duckdb {
namespace {

// Adds the pipelines whose target table that name may mean. A name of two parts is a schema and a table, or the file's
// catalog and a table that is found by the search path.
void add_owners(Connection& connection, const QueryReferences::Relation& relation, std::set<std::string>& owners) {
  const auto sql = fmt::format(
      "SELECT DISTINCT t.pipeline FROM {} t WHERE t.kind = 'live' AND lower(t.table_name) = lower($1) AND "
      "(lower(t.schema_name) = lower($2) OR (($2 = '' OR lower($2) = lower(current_database())) AND t.schema_name = "
      "(SELECT r.schema_name FROM (SELECT schema_name, table_name AS name FROM duckdb_tables() WHERE database_name = "
      "current_database() UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = "
      "current_database()) r WHERE lower(r.name) = lower($1) ORDER BY list_position(current_schemas(true), "
      "r.schema_name) NULLS LAST LIMIT 1)))",
      connection.database().full_name(state_schema, "targets"));
  for (auto& row : connection.rows(sql, relation.name, relation.schema)) {
    if (row.at(0)) owners.insert(*std::move(row[0]));
  }
}

}  // namespace

std::vector<PipelinePosition> positions_of(Connection& connection, const QueryReferences& references) {
  std::vector<PipelinePosition> all;
  const auto rows = connection.rows(fmt::format("SELECT pipeline, lsn FROM {} ORDER BY pipeline",
                                                connection.database().full_name(state_schema, "checkpoint")));
  for (const auto& row : rows) {
    const auto lsn = Lsn::parse(row.at(1).value_or("")).value_or(Lsn{});
    if (lsn.is_set()) all.push_back({.pipeline = row.at(0).value_or(""), .lsn = lsn});
  }
  if (all.size() < 2) return all;
  std::set<std::string> owners;
  for (const auto& relation : references.relations) {
    if (same_name(relation.schema, state_schema)) return all;
    add_owners(connection, relation, owners);
  }
  std::erase_if(all, [&owners](const PipelinePosition& position) { return !owners.contains(position.pipeline); });
  return all;
}

}  // namespace walbrook::destination::duckdb
