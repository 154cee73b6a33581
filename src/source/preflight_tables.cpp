#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "source/preflight_checks.h"

namespace walbrook::source {
namespace {

// One row a table; columns without SELECT only where the table as a whole has none.
constexpr auto rights_query = R"(
SELECT c.oid, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.row_security_active(c.oid),
  a.attname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = '' AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')
    AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
WHERE c.oid = ANY ($1::oid[])
)";

// Partitions that do not go with their root: what is not in the write-ahead log, what has a filter or columns of its
// own.
constexpr auto partitions_query = R"(
WITH RECURSIVE tree(root, oid) AS (
  SELECT r.oid, r.oid FROM pg_catalog.pg_class r WHERE r.oid = ANY ($1::oid[]) AND r.relkind = 'p'
  UNION ALL
  SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid WHERE NOT i.inhdetachpending
)
SELECT tree.root, c.oid::pg_catalog.regclass::text, c.relkind = 'f', c.relpersistence = 'u',
  EXISTS (SELECT FROM pg_catalog.pg_publication_rel pr JOIN pg_catalog.pg_publication p ON p.oid = pr.prpubid
           WHERE p.pubname = $2 AND pr.prrelid = c.oid
             AND (pg_catalog.to_jsonb(pr) ->> 'prqual' IS NOT NULL OR pg_catalog.to_jsonb(pr) ->> 'prattrs' IS NOT NULL))
FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind <> 'p'
)";

struct TableRights {
  bool schema_usage = false;
  bool row_security = false;
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
    if (!rows.is_null(row, 3)) table.unreadable.push_back(rows.text(row, 3));
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

void check_replica_identity(const SourceTable& table, const PublishedOperations& operations,
                            const std::string& publication, PublicationOwner owner, Findings& found) {
  const auto& identity = table.row_identity;
  const auto name = table.full_name();
  if (!identity.lack.empty() && owner == PublicationOwner::walbrook) {
    return found.reported_warning(
        "table " + name,
        fmt::format("publication {} leaves out {}, because UPDATE and DELETE would fail AT THE SOURCE: {}", publication,
                    name, identity.lack),
        "As its owner: " + identity.remedy);
  }
  if (!identity.unclear.empty()) {
    found.reported_warning("table " + name, fmt::format("table {} will be suspended: {}", name, identity.unclear),
                           "As its owner: " + identity.remedy);
  }
  if (identity.lack.empty()) return;
  const auto* failing = operations.updates && operations.deletes ? "UPDATE and DELETE"
                        : operations.updates                     ? "UPDATE"
                                                                 : "DELETE";
  found.warning("table " + name,
                fmt::format("{} of {} will fail AT THE SOURCE while it is published: {}", failing, name, identity.lack),
                "As its owner: " + identity.remedy);
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
    if (rows.boolean(row, 4) && !operations.via_partition_root) {
      found.error(topic,
                  fmt::format("partition {} has a row filter or column list of its own in publication {}, beside {}",
                              leaf, publication, name),
                  fmt::format("ALTER PUBLICATION {} SET (publish_via_partition_root = true);",
                              catalog.quote_name(publication)));
    }
  }
}

}  // namespace

void check_tables(Connection& catalog, const std::vector<SourceTable>& tables, const PublishedOperations& operations,
                  const std::string& publication, PublicationOwner owner, Findings& found) {
  const auto rights = read_rights(catalog, tables);
  for (const auto& table : tables) {
    const auto of = rights.find(table.oid);
    if (of == rights.end()) continue;  // dropped in between
    check_reading(catalog, table, of->second, found);
    check_replica_identity(table, operations, publication, owner, found);
  }
  check_partitions(catalog, tables, operations, publication, found);
}

}  // namespace walbrook::source
