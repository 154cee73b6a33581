#include "postgres/catalog/catalog.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "base/publication_list.h"
#include "postgres/catalog/ddl_trigger.h"

namespace walbrook::postgres {
namespace {

// SQL fragments that depend on the server's version.
struct CatalogWords {
  std::string row_filter;  // of a pg_publication_rel row `pr`
  std::string columns;     // its attnums as text, or NULL
  std::string by_schema;   // query of (pub, id, xmin, schema)
  std::string generated;   // condition on a publication `pub`: it publishes stored generated columns without a list
};

CatalogWords catalog_words(int version) {
  CatalogWords words{
      .row_filter = "NULL::text",
      .columns = "NULL::text",
      .by_schema = "SELECT NULL::oid AS pub, NULL::oid AS id, NULL::xid AS version, NULL::oid AS schema WHERE false",
      .generated = "false"};
  if (version >= 150000) {
    words.row_filter = "pg_catalog.pg_get_expr(pr.prqual, pr.prrelid)";
    words.columns = "pr.prattrs::text";
    words.by_schema =
        "SELECT pub.oid AS pub, pn.oid AS id, pn.xmin AS version, pn.pnnspid AS schema "
        "FROM pg_catalog.pg_publication_namespace pn JOIN pub ON pn.pnpubid = pub.oid";
  }
  if (version >= 180000) words.generated = "pub.pubgencols = 's'";
  return words;
}

// Everything that committed before it is visible in a later query.
constexpr auto complete_position =
    "CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
    "ELSE pg_catalog.pg_current_wal_insert_lsn() END";

// One statement reads everything but the row identities, which share its snapshot, so that publication, tables and
// fingerprints belong to one snapshot of the catalog. The server's functions that read a publication
// (pg_get_publication_tables) would not have that snapshot.
//
// Tables: if publish_via_partition_root is set, pgoutput sends changes of a partition as those of its topmost published
// ancestor (get_rel_sync_entry in pgoutput.c). Without it the leaves arrive one by one, and are mapped to the same
// ancestor here. A leaf without a published ancestor is a table by itself.
//
// Several publications: a listing is a table that one publication lists. Operations are those of all listings. Filters
// and columns are those of the publications that send the table under the highest name: with
// publish_via_partition_root, the other listings of a root count for operations only. A filter applies if all of these
// have one, and rows pass if one of the filters lets them pass. PostgreSQL's own subscriptions copy by the same rule
// (fetch_remote_table_info in tablesync.c). Different columns are an error of the server.
//
// Fingerprints are described in fingerprint.h. The fingerprint of a partitioned table holds all relations below it.
//
// Composite types can be altered while tables have columns of them (ADD, DROP and RENAME ATTRIBUTE), at any depth below
// arrays and domains. Stored rows are then printed differently, and the stream does not report it.
//
// Sizes come from the last VACUUM or ANALYZE. pg_table_size waits for a session that holds the table exclusively, so it
// is called only if no other size is known and no session does.
constexpr auto publication_query = R"(
WITH RECURSIVE pub AS (
  SELECT xmin AS version, * FROM pg_catalog.pg_publication WHERE pubname = ANY ($1::pg_catalog.name[])
), explicit AS (
  SELECT pr.prpubid AS pub, pr.prrelid AS oid, pr.oid AS id, pr.xmin AS version, {row_filter} AS row_filter,
    {columns} AS columns
  FROM pg_catalog.pg_publication_rel pr JOIN pub ON pr.prpubid = pub.oid
), by_schema AS (
  {by_schema}
), listings AS (
  SELECT pub.oid AS pub, pub.pubname, c.oid, c.relkind, pub.pubviaroot AND c.relkind = 'p' AS via_root,
    pub.pubinsert, pub.pubupdate, pub.pubdelete, pub.pubtruncate,
    CASE WHEN b.id IS NULL AND NOT pub.puballtables THEN e.row_filter END AS row_filter, e.columns,
    {generated} AS generated,
    pg_catalog.concat('p', pub.oid, '.', pub.version, '/r', e.id, '.', e.version, '/n', b.id, '.', b.version, '/t',
                      c.oid) AS versions,
    CASE WHEN pub.puballtables THEN 'a' WHEN e.id IS NULL THEN 's' ELSE 'n' END AS reach
  FROM pub CROSS JOIN pg_catalog.pg_class c LEFT JOIN explicit e ON e.pub = pub.oid AND e.oid = c.oid
    LEFT JOIN by_schema b ON b.pub = pub.oid AND b.schema = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.oid >= 16384
    AND (pub.puballtables OR e.id IS NOT NULL OR b.id IS NOT NULL)
), deciding AS (
  SELECT *, via_root OR NOT pg_catalog.bool_or(via_root) OVER of_table AS decides,
    pg_catalog.count(*) OVER of_table > 1 AS is_shared
  FROM listings WINDOW of_table AS (PARTITION BY oid)
), listed AS (
  SELECT oid, relkind, pg_catalog.bool_or(via_root) AS via_root,
    CASE WHEN pg_catalog.bool_and(row_filter IS NOT NULL) FILTER (WHERE decides)
         THEN string_agg(DISTINCT row_filter, ' OR ') FILTER (WHERE decides) END AS row_filter,
    min(columns) FILTER (WHERE decides) AS columns, pg_catalog.bool_or(generated) FILTER (WHERE decides) AS generated,
    string_agg(versions, ',' ORDER BY pub) AS versions, max(reach) AS reach
  FROM deciding GROUP BY oid, relkind
), disagreeing AS (
  SELECT l.oid, string_agg(l.pubname::text, ', ' ORDER BY l.pubname) AS names
  FROM deciding l CROSS JOIN LATERAL (
    SELECT string_agg(a.attnum::text, ' ' ORDER BY a.attnum) AS columns FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = l.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND CASE WHEN l.columns IS NOT NULL THEN a.attnum = ANY (string_to_array(l.columns, ' ')::int2[])
               ELSE a.attgenerated = '' OR l.generated AND a.attgenerated = 's' END) AS published
  WHERE l.decides AND l.is_shared
  GROUP BY l.oid HAVING count(DISTINCT published.columns) > 1
), tree(root, oid, attached) AS (
  SELECT oid, oid, NULL::xid FROM listed WHERE relkind = 'p'
  UNION ALL
  SELECT tree.root, i.inhrelid, i.xmin FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
  WHERE NOT i.inhdetachpending
), operations AS (
  SELECT within.root, pg_catalog.bool_or(pubinsert) AS inserts, pg_catalog.bool_or(pubupdate) AS updates,
    pg_catalog.bool_or(pubdelete) AS deletes, pg_catalog.bool_or(pubtruncate) AS truncates,
    pg_catalog.bool_or(l.via_root) FILTER (WHERE l.oid <> within.root) AS below_via_root
  FROM (SELECT oid AS root, oid FROM listed UNION SELECT root, oid FROM tree) AS within
    JOIN listings l ON l.oid = within.oid
  GROUP BY within.root
), ddl_trigger AS (
  SELECT ({ddl_trigger}) AS list
), exclusive AS (
  SELECT relation FROM pg_catalog.pg_locks WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock'
), stored AS (
  SELECT c.oid, c.relfilenode, c.reltuples,
    CASE WHEN c.relpages > 0
         THEN (c.relpages + coalesce(t.relpages, 0)) * pg_catalog.current_setting('block_size')::bigint
         WHEN c.oid NOT IN (SELECT relation FROM exclusive) THEN pg_catalog.pg_table_size(c.oid) END AS bytes
  FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
  WHERE c.oid IN (SELECT oid FROM listed UNION SELECT oid FROM tree) AND c.relkind = 'r'
), leaves AS (
  SELECT tree.root, string_agg(s.oid::text, ',' ORDER BY s.oid) AS members,
    sum(greatest(s.reltuples, 0)) FILTER (WHERE s.reltuples >= 0) AS rows, sum(s.bytes) AS bytes
  FROM tree JOIN stored s ON s.oid = tree.oid GROUP BY tree.root
), members AS (
  SELECT tree.root, pg_catalog.json_agg(pg_catalog.json_build_array(
      c.oid::bigint, c.relfilenode::bigint, tree.attached::text::bigint,
      created.xmin = tree.attached AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.xmin = created.xmin
          AND a.cmin = created.cmin),
      c.relreplident, pg_catalog.json_build_array(c.xmin::text::bigint, coalesce(t.xmin::text::bigint, 0)),
      c.relpersistence <> 'p' OR c.relkind = 'f') ORDER BY c.oid) AS list,
    min(c.oid::pg_catalog.regclass::text) FILTER (WHERE c.relpersistence <> 'p' OR c.relkind = 'f') AS unseen
  FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
    LEFT JOIN pg_catalog.pg_attribute created ON created.attrelid = c.oid AND created.attnum = -1
  WHERE tree.oid <> tree.root GROUP BY tree.root
), missing AS (
  SELECT DISTINCT tree.root, a.attname FROM tree JOIN pg_catalog.pg_attribute a ON a.attrelid = tree.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped AND a.atthasmissing
), parts(root, oid) AS (
  SELECT DISTINCT a.atttypid, a.atttypid FROM pg_catalog.pg_attribute a
  WHERE a.attrelid IN (SELECT oid FROM listed) AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384
  UNION
  SELECT parts.root, part.oid FROM parts JOIN pg_catalog.pg_type t ON t.oid = parts.oid CROSS JOIN LATERAL (
    SELECT t.typbasetype WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem WHERE t.typtype = 'b'
    UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.typtype = 'r' AND r.rngtypid = t.oid
    UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE t.typtype = 'm' AND r.rngmultitypid = t.oid
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) AS part(oid)
  WHERE part.oid >= 16384
), shapes AS (
  SELECT parts.root,
    string_agg(pg_catalog.concat_ws(':', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod), ',' ORDER BY a.attrelid, a.attnum)
      AS shape
  FROM parts JOIN pg_catalog.pg_type t ON t.oid = parts.oid AND t.typtype = 'c'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  GROUP BY parts.root
), labels AS (
  SELECT enumtypid AS type, pg_catalog.json_object_agg(oid, enumlabel ORDER BY oid) AS list FROM pg_catalog.pg_enum
  GROUP BY enumtypid
), enums AS (
  SELECT used.attrelid, pg_catalog.json_object_agg(labels.type, labels.list ORDER BY labels.type) AS list
  FROM (SELECT DISTINCT a.attrelid, parts.oid FROM listed JOIN pg_catalog.pg_attribute a ON a.attrelid = listed.oid
          JOIN parts ON parts.root = a.atttypid WHERE a.attnum > 0 AND NOT a.attisdropped) AS used
    JOIN labels ON labels.type = used.oid
  GROUP BY used.attrelid
), tables AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind = 'p' AS partitioned, c.relreplident,
    EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indisunique
              AND i.indimmediate AND i.indpred IS NULL
              AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END) AS keyed,
    (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND CASE WHEN listed.columns IS NOT NULL THEN a.attnum = ANY (string_to_array(listed.columns, ' ')::int2[])
                 ELSE a.attgenerated = '' OR listed.generated AND a.attgenerated = 's' END
        AND (listed.columns IS NOT NULL
             OR listed.generated AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = 's'))) AS columns,
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, a.atttypid::bigint, a.atttypmod) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND CASE WHEN listed.columns IS NOT NULL THEN a.attnum = ANY (string_to_array(listed.columns, ' ')::int2[])
                 ELSE a.attgenerated = '' OR listed.generated AND a.attgenerated = 's' END) AS described,
    listed.row_filter, listed.via_root, o.inserts, o.updates, o.deletes, o.truncates,
    NOT listed.via_root AND coalesce(o.below_via_root, false) AS is_mixed, disagreeing.names AS disagreeing,
    CASE WHEN c.relkind = 'p' THEN coalesce(l.rows, -1) ELSE s.reltuples END AS rows,
    coalesce(l.bytes, s.bytes, 0) AS bytes, l.members,
    pg_catalog.json_build_object(
      'publication', listed.versions, 'reach', listed.reach, 'via_root', listed.via_root,
      'schema', pg_catalog.json_build_array(c.relnamespace::bigint,
        (SELECT d.xmin::text::bigint FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
            AND d.refclassid = 'pg_catalog.pg_namespace'::regclass LIMIT 1)),
      'file', c.relfilenode::bigint,
      'written', pg_catalog.json_build_array(c.xmin::text::bigint, coalesce(toast.xmin::text::bigint, 0)),
      'identity', pg_catalog.concat(c.relreplident, (SELECT i.indexrelid FROM pg_catalog.pg_index i
        WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident
                                     ELSE false END LIMIT 1)),
      'columns', (SELECT pg_catalog.json_agg({column}
          ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
          LEFT JOIN pg_catalog.pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
      'attributes', c.relnatts, 'ddl_trigger', ddl_trigger.list,
      'members', m.list,
      'composites', (SELECT pg_catalog.json_object_agg(used.root, used.hash ORDER BY used.root)
        FROM (SELECT DISTINCT shapes.root, md5(shapes.shape) AS hash FROM pg_catalog.pg_attribute a
                JOIN shapes ON shapes.root = a.atttypid
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS used),
      'enums', u.list) AS fingerprint, m.unseen
  FROM listed
    JOIN pg_catalog.pg_class c ON c.oid = listed.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN operations o ON o.root = c.oid
    CROSS JOIN ddl_trigger
    LEFT JOIN disagreeing ON disagreeing.oid = c.oid
    LEFT JOIN stored s ON s.oid = c.oid
    LEFT JOIN leaves l ON l.root = c.oid
    LEFT JOIN members m ON m.root = c.oid
    LEFT JOIN enums u ON u.attrelid = c.oid
    LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
  WHERE NOT EXISTS (SELECT FROM tree WHERE tree.oid = c.oid AND tree.root <> c.oid)
)
SELECT p.all_tables, p.inserts, p.updates, p.deletes, p.truncates, p.via_root,
  t.oid, t.nspname, t.relname, t.partitioned, t.relreplident, t.keyed, t.columns, t.row_filter, t.rows::bigint, t.bytes::bigint,
  t.members, t.fingerprint, t.described, {position}, t.unseen, p.found, t.via_root, t.inserts, t.updates, t.deletes,
  t.truncates, t.is_mixed, t.disagreeing
FROM (SELECT count(*) AS found, pg_catalog.bool_or(puballtables) AS all_tables, pg_catalog.bool_or(pubinsert) AS inserts,
        pg_catalog.bool_or(pubupdate) AS updates, pg_catalog.bool_or(pubdelete) AS deletes,
        pg_catalog.bool_or(pubtruncate) AS truncates, pg_catalog.bool_or(pubviaroot) AS via_root FROM pub) AS p
  LEFT JOIN tables t ON true
ORDER BY t.nspname, t.relname
)";

// `missing` of the query above.
constexpr auto in_a_partition = "(c.oid, a.attname) IN (SELECT root, attname FROM missing)";

std::vector<Oid> parse_members(Oid itself, const std::string& list) {
  std::vector<Oid> members = {itself};
  std::istringstream in(list);
  for (std::string oid; std::getline(in, oid, ',');) members.push_back(static_cast<Oid>(std::stoul(oid)));
  return members;
}

// `is_mixed`: one publication sends changes of a table below `table` under that table's name, and another one sends
// those of `table` partition by partition.
TableObstacle unfit_of(const SourceTable& table, bool is_mixed) {
  if (!table.disagreement.empty()) {
    return {.reason = fmt::format("publications {} publish different columns of {}, which PostgreSQL refuses to send",
                                  table.disagreement, table.full_name()),
            .remedy = "Publish the same columns in each of them: ALTER PUBLICATION … DROP TABLE …, then ADD TABLE …;"};
  }
  if (!is_mixed) return {};
  return {.reason = fmt::format("the publications send some partitions of {} one by one, and others as a partitioned "
                                "table below it",
                                table.full_name()),
          .remedy = "Give the publications the same publish_via_partition_root."};
}

SourceTable table_of(const Rows& rows, int row) {
  SourceTable table;
  table.oid = rows.oid(row, 6);
  table.schema = rows.text(row, 7);
  table.name = rows.text(row, 8);
  table.partitioned = rows.boolean(row, 9);
  table.identity = static_cast<ReplicaIdentity>(rows.text(row, 10).at(0));
  table.has_identity_key = rows.boolean(row, 11);
  if (!rows.is_null(row, 12)) {
    table.published_columns = nlohmann::json::parse(rows.json(row, 12)).get<std::vector<std::string>>();
  }
  table.row_filter = rows.text(row, 13);
  table.estimated_rows = rows.is_null(row, 14) ? -1 : rows.integer(row, 14);
  table.bytes = rows.integer(row, 15);
  table.members = parse_members(table.oid, rows.text(row, 16));
  table.fingerprint = rows.json(row, 17);
  table.unseen_partition = rows.text(row, 20);
  table.via_root = rows.boolean(row, 22);
  table.operations = {.inserts = rows.boolean(row, 23),
                      .updates = rows.boolean(row, 24),
                      .deletes = rows.boolean(row, 25),
                      .truncates = rows.boolean(row, 26)};
  table.disagreement = rows.text(row, 28);
  table.unfit = unfit_of(table, rows.boolean(row, 27));
  if (!rows.is_null(row, 18)) {
    for (const auto& column : nlohmann::json::parse(rows.json(row, 18))) {
      table.columns.push_back({.name = column.at(0), .type_oid = column.at(1), .typmod = column.at(2)});
    }
  }
  return table;
}

// Queries while it exists see the same catalog. If they fail, the connection can be used again, unless it is lost.
class OneSnapshot {
 public:
  explicit OneSnapshot(Connection& catalog) : catalog_(catalog) {
    catalog_.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "reading the catalog");
  }
  OneSnapshot(const OneSnapshot&) = delete;
  OneSnapshot& operator=(const OneSnapshot&) = delete;
  ~OneSnapshot() {
    try {
      end();
    } catch (const Error&) {  // another error is on its way
    }
  }
  void end() {
    if (!std::exchange(ended_, true)) catalog_.execute("COMMIT", "reading the catalog");
  }

 private:
  Connection& catalog_;
  bool ended_ = false;
};

}  // namespace

std::string oid_array(const std::vector<SourceTable>& tables) {
  std::vector<Oid> oids;
  for (const auto& table : tables) oids.push_back(table.oid);
  return fmt::format("{{{}}}", fmt::join(oids, ","));
}

Lsn before_page_header(Lsn insert_position) {
  constexpr std::uint64_t page = 8192;
  constexpr std::uint64_t smallest_segment = 1U << 20U;
  constexpr std::uint64_t header = 24;
  constexpr std::uint64_t first_header = 40;  // of a segment's first page
  const auto into_page = insert_position.value % page;
  const Lsn start{insert_position.value - into_page};
  const bool may_begin_segment = start.value % smallest_segment == 0;
  return into_page == header || (into_page == first_header && may_begin_segment) ? start : insert_position;
}

std::string name_array(const std::vector<std::string>& names) {
  std::string literal = "{";
  for (const auto& name : names) {
    literal += literal.size() == 1 ? "\"" : ",\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + "}";
}

std::vector<std::string> missing_publications(Connection& catalog, const std::vector<std::string>& names) {
  const auto rows =
      catalog.query("SELECT pubname FROM pg_catalog.pg_publication WHERE pubname = ANY ($1::pg_catalog.name[])",
                    {name_array(names)}, "looking for " + named_publications(names));
  auto missing = names;
  for (int row = 0; row < rows.size(); ++row) std::erase(missing, rows.text(row, 0));
  return missing;
}

std::optional<Publication> read_publication(Connection& catalog, const std::string& list) {
  const auto names = parse_publications(list);
  const auto words = catalog_words(catalog.server_version());
  const auto sql = fmt::format(
      fmt::runtime(publication_query), fmt::arg("row_filter", words.row_filter), fmt::arg("columns", words.columns),
      fmt::arg("by_schema", words.by_schema), fmt::arg("generated", words.generated),
      fmt::arg("position", end_of_visible),
      fmt::arg("column", fmt::format(fmt::runtime(fingerprint_column), fmt::arg("missing", in_a_partition))),
      fmt::arg("ddl_trigger", ddl_trigger_versions));
  const Lsn complete_to = catalog.query(fmt::format("SELECT {}", complete_position)).lsn(0, 0);
  OneSnapshot snapshot(catalog);
  const auto rows = catalog.query(sql, {name_array(names)}, "reading " + named_publications(names));
  if (std::cmp_less(rows.integer(0, 21), names.size())) return std::nullopt;
  Publication publication{.name = list,
                          .all_tables = rows.boolean(0, 0),
                          .inserts = rows.boolean(0, 1),
                          .updates = rows.boolean(0, 2),
                          .deletes = rows.boolean(0, 3),
                          .truncates = rows.boolean(0, 4),
                          .via_partition_root = rows.boolean(0, 5),
                          .tables = {},
                          .complete_to = complete_to,
                          .position = before_page_header(rows.lsn(0, 19))};
  for (int row = 0; row < rows.size(); ++row) {
    if (!rows.is_null(row, 6)) publication.tables.push_back(table_of(rows, row));
  }
  read_row_identities(catalog, publication.tables);
  snapshot.end();
  return publication;
}

}  // namespace walbrook::postgres
