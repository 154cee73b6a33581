#include "replication/runtime/source_catalog.h"

#include "base/publication_list.h"
#include "postgres/catalog/table_obstacles.h"
#include "postgres/catalog/table_schema.h"

namespace walbrook::replication {

postgres::Connection& SourceCatalog::connection() {
  const auto known = parts_.server.version();
  if (!connection_) {
    connection_ = postgres::open_checked(parts_.endpoint, postgres::ConnectionUse::catalog, &parts_.server);
  } else if (known != checked_) {  // the stream may have gone to another server since
    parts_.server.check(*connection_, postgres::ConnectionUse::catalog);
  }
  checked_ = known;
  return *connection_;
}

// A snapshot holds the open transactions of all databases of the cluster, except lazy VACUUMs, which change nothing
// that a catalog poll compares (GetSnapshotData in procarray.c).
std::string SourceCatalog::read_snapshot() {
  const auto rows = connection().query(
      "SELECT pg_catalog.pg_current_snapshot()::text, CASE WHEN pg_catalog.pg_is_in_recovery() "
      "THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_flush_lsn() END, "
      "pg_catalog.pg_is_in_recovery()",
      {}, "looking up which transactions have ended");
  // A standby that is promoted ends no session, neither this one nor that of the stream.
  if (!rows.boolean(0, 2) && parts_.server.is_standby()) {
    parts_.server.check(*connection_, postgres::ConnectionUse::catalog);
  }
  parts_.statistics.server_position(rows.lsn(0, 1));
  return rows.text(0, 0);
}

postgres::Publication SourceCatalog::read_publication() {
  auto& catalog = connection();
  auto now = parts_.publication.read(catalog);
  if (!now) {
    const auto names = parse_publications(parts_.publication.list());
    const auto missing = postgres::missing_publications(catalog, names);
    throw Error(ErrorKind::source_not_ready, named_publications(missing.empty() ? names : missing) + " was dropped",
                "Create it again and start walbrook: its tables are then copied again.");
  }
  parts_.selection.restrict_tables(*now);
  postgres::read_obstacles(catalog, now->tables, now->name);
  return *std::move(now);
}

postgres::CatalogMoment SourceCatalog::read_moment() {
  return postgres::read_moment(connection());
}

void SourceCatalog::describe(std::vector<postgres::SourceTable>& tables,
                             const std::function<bool(const postgres::SourceTable&)>& wanted) {
  postgres::describe_new(connection(), tables, parts_.types, limits_, wanted);
}

// Returns whether synchronous_standby_names includes this run, by its application_name or by '*'. The priority is
// reported before the standby has caught up, and a standby that is only a candidate may be needed at any moment.
bool SourceCatalog::commits_wait() {
  const auto rows = connection().query(
      "SELECT r.sync_priority > 0 FROM pg_catalog.pg_replication_slots s "
      "JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $1",
      {slot_}, "looking up synchronous standbys");
  return rows.size() > 0 && rows.boolean(0, 0);
}

}  // namespace walbrook::replication
