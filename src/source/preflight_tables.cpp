#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "source/preflight_checks.h"

namespace walbrook::source {
namespace {

// One row a table; columns without SELECT only where the table as a whole has none.
constexpr auto rights_query = R"(
SELECT c.oid, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.row_security_active(c.oid),
  EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND NOT i.indimmediate),
  a.attname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = '' AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')
    AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
WHERE c.oid = ANY ($1::oid[])
)";

// Partitions that do not go with their root: what is not in the write-ahead log, what names its rows otherwise than the
// root does, what has a filter or columns of its own.
constexpr auto partitions_query = R"(
WITH RECURSIVE tree(root, oid) AS (
  SELECT r.oid, r.oid FROM pg_catalog.pg_class r WHERE r.oid = ANY ($1::oid[]) AND r.relkind = 'p'
  UNION ALL
  SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid WHERE NOT i.inhdetachpending
)
SELECT tree.root, c.oid::pg_catalog.regclass::text, c.relkind = 'f', c.relpersistence = 'u', c.relreplident <> r.relreplident,
  c.relreplident = 'n' OR c.relreplident <> 'f' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END),
  EXISTS (SELECT FROM pg_catalog.pg_publication_rel pr JOIN pg_catalog.pg_publication p ON p.oid = pr.prpubid
           WHERE p.pubname = $2 AND pr.prrelid = c.oid
             AND (pg_catalog.to_jsonb(pr) ->> 'prqual' IS NOT NULL OR pg_catalog.to_jsonb(pr) ->> 'prattrs' IS NOT NULL))
FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind <> 'p'
  JOIN pg_catalog.pg_class r ON r.oid = tree.root
)";

// From 18 on the server refuses UPDATE and DELETE where the replica identity holds a generated column that is not
// published (pub_contains_invalid_column); virtual ones never are.
constexpr auto generated_query = R"(
SELECT c.oid, pg_catalog.string_agg(a.attname, ', ' ORDER BY a.attnum), pg_catalog.bool_or(a.attgenerated = 'v')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = ANY ($1::oid[]) AND (c.relreplident = 'f' OR EXISTS (
    SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey)
      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END))
  AND (a.attgenerated = 'v' OR a.attgenerated = 's'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication p WHERE p.pubname = $2 AND p.pubgencols = 's')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication p
      JOIN pg_catalog.pg_publication_rel pr ON pr.prpubid = p.oid AND pr.prrelid = c.oid
      WHERE p.pubname = $2 AND a.attnum = ANY (pr.prattrs)))
GROUP BY c.oid
)";
constexpr int generated_published_version = 180000;

struct TableRights {
  bool schema_usage = false;
  bool row_security = false;
  bool deferrable_key = false;
  std::vector<std::string> unreadable;  // columns
};

std::string array_of(const std::vector<SourceTable>& tables) {
  std::vector<Oid> oids;
  for (const auto& table : tables) oids.push_back(table.oid);
  return fmt::format("{{{}}}", fmt::join(oids, ","));
}

std::map<Oid, TableRights> read_rights(Connection& catalog, const std::vector<SourceTable>& tables) {
  const auto rows = catalog.query(rights_query, {array_of(tables)}, "reading rights");
  std::map<Oid, TableRights> rights;
  for (int row = 0; row < rows.size(); ++row) {
    auto& table = rights[rows.oid(row, 0)];
    table.schema_usage = rows.boolean(row, 1);
    table.row_security = rows.boolean(row, 2);
    table.deferrable_key = rows.boolean(row, 3);
    if (!rows.is_null(row, 4)) table.unreadable.push_back(rows.text(row, 4));
  }
  return rights;
}

void check_reading(const Connection& catalog, const SourceTable& table, const TableRights& rights, Findings& found) {
  const auto name = table.full_name();
  const auto topic = "table " + name;
  const auto user = catalog.quote_name(catalog.user());
  if (!rights.schema_usage) {
    found.error(topic, fmt::format("role {} lacks USAGE on schema {}", catalog.user(), table.schema),
                fmt::format("As its owner: GRANT USAGE ON SCHEMA {} TO {};", catalog.quote_name(table.schema), user),
                ErrorKind::rights);
  }
  auto missing = rights.unreadable;
  if (!table.published_columns.empty()) {
    std::erase_if(missing, [&table](const std::string& column) {
      return std::ranges::find(table.published_columns, column) == table.published_columns.end();
    });
  }
  if (!missing.empty()) {
    found.error(
        topic, fmt::format("role {} may not read {}", catalog.user(), name),
        fmt::format("As its owner: GRANT SELECT ON {} TO {};", catalog.quote_table(table.schema, table.name), user),
        ErrorKind::rights);
  }
  if (rights.row_security) {
    found.error(topic, fmt::format("row-level security hides rows of {} from role {}", name, catalog.user()),
                fmt::format("As a superuser: ALTER ROLE {} BYPASSRLS;", user), ErrorKind::rights);
  }
}

std::string identity_lack(const SourceTable& table, const TableRights& rights) {
  if (table.identity == ReplicaIdentity::nothing) return "its replica identity is NOTHING";
  if (table.identity == ReplicaIdentity::index) return "the index of its replica identity is gone";
  return rights.deferrable_key ? "its primary key is deferrable, which does not count as replica identity"
                               : "it has no primary key";
}

void check_replica_identity(const Connection& catalog, const SourceTable& table, const TableRights& rights,
                            const PublishedOperations& operations, Findings& found) {
  if (table.identity == ReplicaIdentity::full || table.has_identity_key) return;
  if (!operations.updates && !operations.deletes) return;
  const auto* failing = operations.updates && operations.deletes ? "UPDATE and DELETE"
                        : operations.updates                     ? "UPDATE"
                                                                 : "DELETE";
  const auto name = table.full_name();
  found.warning("table " + name,
                fmt::format("{} of {} will fail AT THE SOURCE while it is published: {}", failing, name,
                            identity_lack(table, rights)),
                fmt::format("As its owner: ALTER TABLE {} REPLICA IDENTITY FULL; or give it a primary key.",
                            catalog.quote_table(table.schema, table.name)));
}

void check_generated_identity(Connection& catalog, const std::vector<SourceTable>& tables,
                              const PublishedOperations& operations, const std::string& publication, Findings& found) {
  if (catalog.server_version() < generated_published_version) return;
  if (!operations.updates && !operations.deletes) return;
  const auto rows = catalog.query(generated_query, {array_of(tables), publication}, "reading generated columns");
  for (int row = 0; row < rows.size(); ++row) {
    const auto table = std::ranges::find(tables, rows.oid(row, 0), &SourceTable::oid);
    if (table == tables.end()) continue;
    const auto name = table->full_name();
    found.warning(
        "table " + name,
        fmt::format("UPDATE and DELETE of {} will fail AT THE SOURCE while it is published: its replica identity holds "
                    "generated columns that are not ({})",
                    name, rows.text(row, 1)),
        rows.boolean(row, 2)
            ? fmt::format(
                  "As its owner: give it a primary key of other columns; ALTER TABLE {} REPLICA IDENTITY DEFAULT;",
                  catalog.quote_table(table->schema, table->name))
            : fmt::format("ALTER PUBLICATION {} SET (publish_generated_columns = stored);",
                          catalog.quote_name(publication)));
  }
}

void check_partitions(Connection& catalog, const std::vector<SourceTable>& tables,
                      const PublishedOperations& operations, const std::string& publication, Findings& found) {
  const auto rows = catalog.query(partitions_query, {array_of(tables), publication}, "reading partitions");
  for (int row = 0; row < rows.size(); ++row) {
    const auto root = std::ranges::find(tables, rows.oid(row, 0), &SourceTable::oid);
    const auto name = root->full_name();
    const auto topic = "table " + name;
    const auto leaf = rows.text(row, 1);
    if (rows.boolean(row, 2) || rows.boolean(row, 3)) {
      const auto foreign = rows.boolean(row, 2);
      found.error(
          topic,
          fmt::format("partition {} of {} is {}: its changes are not in the write-ahead log", leaf, name,
                      foreign ? "a foreign table" : "unlogged"),
          foreign ? fmt::format(
                        "Publish the other partitions one by one, or detach it: ALTER TABLE {} DETACH PARTITION {};",
                        catalog.quote_table(root->schema, root->name), leaf)
                  : fmt::format("ALTER TABLE {} SET LOGGED;", leaf));
      continue;
    }
    if (rows.boolean(row, 6) && !operations.via_partition_root) {
      found.error(topic,
                  fmt::format("partition {} has a row filter or column list of its own in publication {}, beside {}",
                              leaf, publication, name),
                  fmt::format("ALTER PUBLICATION {} SET (publish_via_partition_root = true);",
                              catalog.quote_name(publication)));
    }
    const bool changes = operations.updates || operations.deletes;
    if (changes && rows.boolean(row, 4)) {
      found.warning(topic, fmt::format("partition {} has another replica identity than {}", leaf, name),
                    fmt::format("Make them equal: ALTER TABLE {} REPLICA IDENTITY {};", leaf,
                                root->identity == ReplicaIdentity::full ? "FULL" : "DEFAULT"));
    } else if (changes && rows.boolean(row, 5) && root->has_identity_key) {
      found.warning(
          topic,
          fmt::format("UPDATE and DELETE of partition {} will fail AT THE SOURCE: it has no replica identity", leaf),
          fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL; for {} as well.", leaf,
                      catalog.quote_table(root->schema, root->name)));
    }
  }
}

}  // namespace

void check_tables(Connection& catalog, const std::vector<SourceTable>& tables, const PublishedOperations& operations,
                  const std::string& publication, Findings& found) {
  const auto rights = read_rights(catalog, tables);
  for (const auto& table : tables) {
    const auto of = rights.find(table.oid);
    if (of == rights.end()) continue;  // dropped in between
    check_reading(catalog, table, of->second, found);
    check_replica_identity(catalog, table, of->second, operations, found);
  }
  check_generated_identity(catalog, tables, operations, publication, found);
  check_partitions(catalog, tables, operations, publication, found);
}

}  // namespace walbrook::source
