// walbrook's event triggers, which are made only if the user asks for them (--ddl-trigger): for each command that
// alters a table they send a description of the table into the stream (table_description.h). Without them the catalog
// shows what commands have done together, and some of that cannot be told apart.
//
// Three triggers call one function:
//   walbrook_ddl      ddl_command_end: tables that a command names, and those below them or typed by what it names
//   walbrook_drop     sql_drop: tables that lose a column, perhaps with a type (DROP TYPE … CASCADE)
//   walbrook_rewrite  table_rewrite: tables whose rows a command is about to rewrite. TRUNCATE, VACUUM FULL and CLUSTER
//                     cause no such event
// Tried on PostgreSQL 14 to 18 (test/integration/postgres/ddl_trigger_test.cpp): they see the commands of all roles, in
// extensions' scripts too, and a savepoint that is rolled back takes the messages with it. They are `ENABLE ALWAYS`, so
// session_replication_role does not switch them off; a superuser can (event_triggers = off, from 17 on).
//
// A transaction that altered a table before the triggers were committed may commit after them. So they are complete
// only once every transaction that was writing then has ended; until then the third one has another name. Worked:
//
//   session 1   BEGIN; ALTER TABLE t …            no trigger, no message
//   walbrook    creates the triggers; walbrook_rewrite is called walbrook_rewrite_pending
//   session 1   COMMIT
//   walbrook    a temporary slot was created, which waits for the writers: renames walbrook_rewrite_pending
//   catalog     fingerprints have ddl_trigger from here on; the altered t is compared with what is known of it
//
// All of a database's pipelines share them. https://www.postgresql.org/docs/current/event-triggers.html
#pragma once

#include <string>
#include <string_view>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// The part of an SQL expression on pg_attribute `a` (with pg_attrdef `d`, perhaps NULL) that makes an entry of
// Fingerprint::columns. {missing}: a condition, whether a partition has the column with a missing value.
inline constexpr std::string_view fingerprint_column = R"(pg_catalog.json_build_array(
            a.attnum, a.attname, a.atttypid::bigint, a.atttypmod, a.xmin::text::bigint,
            a.atthasmissing OR {missing}, coalesce(d.oid, 0)::bigint,
            pg_catalog.hashtext(pg_catalog.concat_ws('/', a.attstattarget, a.attstorage, a.attcompression, a.attnotnull,
              a.attacl, a.attoptions, a.attinhcount, a.attislocal, a.attidentity, a.attgenerated, a.attcollation))))";

// A query of Fingerprint::ddl_trigger: one row with a text, or NULL.
inline constexpr std::string_view ddl_trigger_versions = R"(
  SELECT pg_catalog.string_agg(pg_catalog.concat_ws('.', e.oid, e.xmin, p.oid, p.xmin), '/' ORDER BY e.evtname) AS list
  FROM pg_catalog.pg_event_trigger e JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
  WHERE e.evtname IN ('walbrook_ddl', 'walbrook_drop', 'walbrook_rewrite') AND e.evtenabled = 'A'
  HAVING count(*) = 3)";

enum class DdlTriggerState {
  none,
  pending,  // transactions from before them may still be open
  complete,
};
[[nodiscard]] DdlTriggerState read_ddl_trigger(Connection& catalog);
// The statements that create the triggers and leave them pending, as docs/ddl-trigger.md shows them. `schema`, quoted,
// gets the function.
[[nodiscard]] std::string ddl_trigger_sql(const std::string& schema);
// What to do where the role may not create them.
[[nodiscard]] Remedy ddl_trigger_remedy();
// Creates the triggers, pending, and marks them as walbrook's. Throws Error(permission_denied) if the role may not.
// REQUIRES: there are none, or not all of them.
void create_ddl_trigger(Connection& catalog);
// REQUIRES: they are pending, and every transaction that was writing when they were created has ended.
void complete_ddl_trigger(Connection& catalog);
// Whether walbrook created some of them, the role may drop them, and no slot but `slot` may need them. All pipelines of
// a database share them, and other readers of pgoutput may be walbrook's.
[[nodiscard]] bool has_unused_ddl_trigger(Connection& catalog, const std::string& slot);
// Drops those that walbrook created. Returns whether there were any. Throws Error(permission_denied).
bool drop_ddl_trigger(Connection& catalog);

}  // namespace walbrook::postgres
