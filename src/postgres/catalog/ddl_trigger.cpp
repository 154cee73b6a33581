#include "postgres/catalog/ddl_trigger.h"

#include <fmt/format.h>

#include "postgres/connection/server_identity.h"

namespace walbrook::postgres {
namespace {

constexpr auto trigger_mark = "created by walbrook";

// A description that fails must not fail the user's command: walbrook is told that there is none, and copies the table
// again. A message has the LSN of its record's end, and a change that of its record's beginning: the server may send
// the next change before a message of another subtransaction, unless a record is in between. Hence the empty message at
// the end. Settings are walbrook's own (session.cpp), since values are sent as text.
constexpr auto create_function = R"(
CREATE FUNCTION {schema}.walbrook_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = '' SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET timezone = 'UTC'
SET bytea_output = 'hex' SET extra_float_digits = '3' AS $walbrook$
DECLARE
  values_of_columns CONSTANT integer := 6;  -- of pg_event_trigger_table_rewrite_reason
  persistence CONSTANT integer := 1;        -- only what becomes logged has rows that were in no log
  named oid[];
  altered record;
BEGIN
  IF tg_event = 'table_rewrite' THEN
    PERFORM pg_catalog.pg_logical_emit_message(true, 'walbrook.ddl', pg_catalog.json_build_object(
        'rewritten', c.oid::bigint, 'schema', n.nspname, 'name', c.relname)::text)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = pg_catalog.pg_event_trigger_table_rewrite_oid() AND c.relpersistence <> 't'
      AND (pg_catalog.pg_event_trigger_table_rewrite_reason() & values_of_columns <> 0
           OR pg_catalog.pg_event_trigger_table_rewrite_reason() & persistence <> 0 AND c.relpersistence = 'u');
    RETURN;
  ELSIF tg_event = 'sql_drop' THEN
    named := ARRAY(SELECT objid FROM pg_catalog.pg_event_trigger_dropped_objects()
      WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objsubid <> 0);
  ELSE
    named := ARRAY(SELECT objid FROM pg_catalog.pg_event_trigger_ddl_commands()
      WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      UNION ALL
      SELECT c.oid FROM pg_catalog.pg_event_trigger_ddl_commands() d
        JOIN pg_catalog.pg_class composite ON composite.oid = d.objid AND composite.relkind = 'c'
        JOIN pg_catalog.pg_class c ON c.reloftype = composite.reltype
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass);
  END IF;
  FOR altered IN
    WITH RECURSIVE below(oid) AS (
      SELECT pg_catalog.unnest(named)
      UNION SELECT i.inhrelid FROM below JOIN pg_catalog.pg_inherits i ON i.inhparent = below.oid)
    SELECT c.oid, c.relname, n.nspname FROM below JOIN pg_catalog.pg_class c ON c.oid = below.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' ORDER BY c.oid
  LOOP
    BEGIN
      PERFORM pg_catalog.pg_logical_emit_message(true, 'walbrook.ddl', pg_catalog.json_build_object(
        'table', c.oid::bigint, 'schema', altered.nspname, 'name', c.relname, 'identity', c.relreplident,
        'attributes', c.relnatts, 'file', c.relfilenode::bigint,
        'written', pg_catalog.json_build_array(c.xmin::text::bigint, coalesce(
          (SELECT t.xmin::text::bigint FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid), 0)),
        'columns', (SELECT pg_catalog.json_agg({column} ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'generated', (SELECT pg_catalog.json_agg(a.attnum) FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''),
        'key', (SELECT pg_catalog.json_agg(k.attnum) FROM pg_catalog.pg_index i
            CROSS JOIN LATERAL pg_catalog.unnest((pg_catalog.string_to_array(i.indkey::text, ' ')::int2[])
                                                 [1:i.indnkeyatts]) AS k(attnum)
          WHERE i.indrelid = c.oid AND i.indisvalid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL
            AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END),
        'missing', (SELECT pg_catalog.json_object_agg(m.attname, m.value) FROM (
            SELECT a.attname, min((a.attmissingval::text::text[])[1]) AS value FROM pg_catalog.pg_attribute a
            WHERE (a.attrelid = c.oid OR a.attrelid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid)))
              AND a.attnum > 0 AND NOT a.attisdropped AND a.atthasmissing
            GROUP BY a.attname
            HAVING min(pg_catalog.cardinality(a.attmissingval::text::text[])) = 1
              AND max(pg_catalog.cardinality(a.attmissingval::text::text[])) = 1
              AND count(DISTINCT (a.attmissingval::text::text[])[1]) = 1) AS m))::text)
      FROM pg_catalog.pg_class c WHERE c.oid = altered.oid;
    EXCEPTION WHEN OTHERS THEN
      PERFORM pg_catalog.pg_logical_emit_message(true, 'walbrook.ddl', pg_catalog.json_build_object(
        'undescribed', altered.oid::bigint, 'schema', altered.nspname, 'name', altered.relname)::text);
    END;
  END LOOP;
  IF found THEN
    PERFORM pg_catalog.pg_logical_emit_message(true, 'walbrook.ddl', '');
  END IF;
END $walbrook$;
CREATE EVENT TRIGGER walbrook_ddl ON ddl_command_end EXECUTE FUNCTION {schema}.walbrook_ddl();
CREATE EVENT TRIGGER walbrook_drop ON sql_drop EXECUTE FUNCTION {schema}.walbrook_ddl();
CREATE EVENT TRIGGER walbrook_rewrite_pending ON table_rewrite EXECUTE FUNCTION {schema}.walbrook_ddl();
ALTER EVENT TRIGGER walbrook_ddl ENABLE ALWAYS;
ALTER EVENT TRIGGER walbrook_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER walbrook_rewrite_pending ENABLE ALWAYS;
)";

constexpr auto part_with_missing = R"((a.attrelid, a.attname) IN (
              SELECT c.oid, part.attname FROM pg_catalog.pg_partition_tree(c.oid)
                JOIN pg_catalog.pg_attribute part ON part.attrelid = relid AND NOT part.attisdropped
              WHERE part.atthasmissing))";

constexpr auto trigger_names = "'walbrook_ddl', 'walbrook_drop', 'walbrook_rewrite', 'walbrook_rewrite_pending'";

// The first schema that every database has, unless somebody dropped it.
std::string choose_schema(Connection& catalog) {
  const auto rows = catalog.query(
      "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' "
      "ORDER BY nspname <> 'public', oid LIMIT 1",
      {}, "choosing a schema for the function of the event triggers");
  if (rows.size() == 0) {
    throw Error(ErrorKind::source_not_ready, "the database has no schema for the function of the event triggers",
                "CREATE SCHEMA public;");
  }
  return rows.text(0, 0);
}

Rows find_own_triggers(Connection& catalog) {
  return catalog.query(
      fmt::format("SELECT e.evtname, e.evtfoid::pg_catalog.regprocedure::text, "
                  "pg_catalog.pg_has_role(e.evtowner, 'USAGE') FROM pg_catalog.pg_event_trigger e "
                  "WHERE e.evtname IN ({}) AND pg_catalog.obj_description(e.oid, 'pg_event_trigger') = '{}'",
                  trigger_names, trigger_mark),
      {}, "looking for the event triggers");
}

void run_as_superuser(Connection& catalog, const std::string& sql, const char* what) {
  try {
    catalog.execute(sql, what);
  } catch (const Error& failed) {
    if (failed.kind() != ErrorKind::permission_denied) throw;
    throw Error(ErrorKind::permission_denied, failed.cause(), ddl_trigger_remedy(), failed.facts());
  }
}

}  // namespace

Remedy ddl_trigger_remedy() {
  return "Only a superuser may create or drop event triggers, on the primary. docs/ddl-trigger.md has the statements; "
         "later runs need no more rights than before.";
}

DdlTriggerState read_ddl_trigger(Connection& catalog) {
  const auto rows = catalog.query(
      fmt::format("SELECT ({}) IS NOT NULL, (SELECT count(*) FROM pg_catalog.pg_event_trigger WHERE evtname IN ({}))",
                  ddl_trigger_versions, trigger_names),
      {}, "looking for the event triggers");
  if (rows.boolean(0, 0)) return DdlTriggerState::complete;
  return rows.integer(0, 1) == 3 ? DdlTriggerState::pending : DdlTriggerState::none;
}

std::string ddl_trigger_sql(const std::string& schema) {
  const auto column = fmt::format(fmt::runtime(fingerprint_column), fmt::arg("missing", part_with_missing));
  return fmt::format(fmt::runtime(create_function), fmt::arg("schema", schema), fmt::arg("column", column));
}

void create_ddl_trigger(Connection& catalog) {
  drop_ddl_trigger(catalog);  // what is left of an attempt
  auto sql = ddl_trigger_sql(catalog.quote_name(choose_schema(catalog)));
  for (const auto* name : {"walbrook_ddl", "walbrook_drop", "walbrook_rewrite_pending"}) {
    sql += fmt::format("COMMENT ON EVENT TRIGGER {} IS '{}';\n", name, trigger_mark);
  }
  run_as_superuser(catalog, sql, "creating the event triggers");
}

void complete_ddl_trigger(Connection& catalog) {
  run_as_superuser(catalog, "ALTER EVENT TRIGGER walbrook_rewrite_pending RENAME TO walbrook_rewrite",
                   "completing the event triggers");
}

bool has_unused_ddl_trigger(Connection& catalog, const std::string& slot) {
  if (is_standby(catalog)) return false;
  const auto found = find_own_triggers(catalog);
  if (found.size() == 0) return false;
  for (int row = 0; row < found.size(); ++row) {
    if (!found.boolean(row, 2)) return false;
  }
  const auto others = catalog.query(
      "SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE plugin = 'pgoutput' AND NOT temporary "
      "AND database = pg_catalog.current_database() AND slot_name <> $1",
      {slot}, "looking for other slots");
  return others.integer(0, 0) == 0;
}

bool drop_ddl_trigger(Connection& catalog) {
  const auto found = find_own_triggers(catalog);
  if (found.size() == 0) return false;
  std::string sql;
  for (int row = 0; row < found.size(); ++row) sql += fmt::format("DROP EVENT TRIGGER {};\n", found.text(row, 0));
  sql += fmt::format("DROP FUNCTION {};\n", found.text(0, 1));
  run_as_superuser(catalog, sql, "dropping the event triggers");
  return true;
}

}  // namespace walbrook::postgres
