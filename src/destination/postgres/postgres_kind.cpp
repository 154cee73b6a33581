#include "destination/postgres/postgres_kind.h"

#include <fmt/format.h>

#include "base/error.h"
#include "destination/postgres/postgres_capabilities.h"
#include "destination/postgres/postgres_destination.h"
#include "destination/postgres/server_url.h"
#include "destination/postgres/session.h"
#include "destination/postgres/stored_state.h"

namespace walbrook::destination::postgresql {
namespace {

// The database is made by its administrator; the destination is there once it holds walbrook's state.
bool is_there(const std::string& url) {
  Session session(endpoint_of(url));
  return session.query("SELECT pg_catalog.to_regclass('_walbrook.format') IS NOT NULL", {}, "looking for the state")
      .boolean(0, 0);
}

void check_privilege(const std::string& url, const char* question, std::string_view lacks, const char* sql) {
  Session session(endpoint_of(url));
  const auto may = session.query(question, {}, "asking for privileges");
  if (may.boolean(0, 0)) return;
  const auto role = identifier(session.connection().user());
  throw Error(ErrorKind::destination,
              fmt::format("role {} may not {} in {}", session.connection().user(), lacks, session.where()),
              fmt::format(fmt::runtime(sql), identifier(session.connection().database()), role));
}

void check_creatable(const std::string& url) {
  check_privilege(url,
                  "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AND "
                  "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')",
                  "create schemas and temporary tables", "GRANT CREATE, TEMPORARY ON DATABASE {} TO {};");
}

void check_writable(const std::string& url) {
  check_privilege(url,
                  "SELECT pg_catalog.has_table_privilege('_walbrook.checkpoint', 'INSERT') AND "
                  "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY') AND NOT "
                  "pg_catalog.pg_is_in_recovery()",
                  "write walbrook's state", "Use the role that owns schema _walbrook and its tables.");
}

}  // namespace

constinit const Kind kind_entry{
    .name = "postgresql",
    .capabilities = capabilities,
    .make = [](const DestinationOptions& options) -> std::unique_ptr<Destination> {
      return std::make_unique<PostgresDestination>(options);
    },
    .stored_state = stored_state,
    .place = place_of_server,
    .is_there = is_there,
    .check_creatable = check_creatable,
    .check_writable = check_writable,
    .move_leftovers_aside = [](const std::string&) {},
};

}  // namespace walbrook::destination::postgresql
