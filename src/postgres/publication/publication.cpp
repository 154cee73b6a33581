#include "postgres/publication/publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "model/same_table.h"

namespace walbrook::postgres {
namespace {

// Selects at most one row, the relation of that name. Key columns are as in table_schema.cpp; FULL has all columns.
constexpr auto relation_query = R"(
SELECT c.oid, c.relkind, c.relpersistence, pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.pg_get_userbyid(c.relowner),
  (SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (c.relreplident = 'f' OR EXISTS (
      SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
        AND a.attnum = ANY ((string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts])))),
  c.oid < 16384
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2
)";

// A table that belongs to an extension (PostGIS' spatial_ref_sys) comes and goes with it. It is published only if it is
// requested by name.
constexpr auto schema_query = R"(
SELECT c.relname, c.oid, c.relkind = 'p', pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.pg_get_userbyid(c.relowner)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition AND c.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
)";

std::vector<std::string> names_of(const std::string& json) {
  return json.empty() ? std::vector<std::string>() : nlohmann::json::parse(json).get<std::vector<std::string>>();
}

std::string kind_refusal(char kind, char persistence, bool system) {
  if (kind == 'v') return "is a view: what it shows is not in the write-ahead log";
  if (kind == 'm') return "is a materialized view, which PostgreSQL does not publish";
  if (kind == 'f') return "is a foreign table: its changes are not in this server's write-ahead log";
  if (kind != 'r' && kind != 'p') return "is not a table";
  if (system) return "is a system table, which PostgreSQL does not publish";
  if (persistence == 't') return "is a temporary table, which PostgreSQL does not publish";
  if (persistence == 'u') return "is unlogged: its changes are not in the write-ahead log";
  return {};
}

void refuse(PublishableTable& table, std::string why, Remedy remedy) {
  table.refusal = std::move(why);
  table.refusal_remedy = std::move(remedy);
}

void check_columns(PublishableTable& table, const std::vector<std::string>& present,
                   const std::vector<std::string>& key, int version) {
  const auto& wanted = table.name.columns;
  if (wanted.empty()) return;
  if (version < 150000) {
    return refuse(table, "cannot be published by columns: PostgreSQL has column lists from version 15 on",
                  "Leave the column list out, or upgrade the server.");
  }
  for (const auto& column : wanted) {
    if (std::ranges::find(present, column) == present.end()) {
      return refuse(table, fmt::format("has no column \"{}\"", column),
                    "Correct the column list; names with capitals go in double quotes.");
    }
  }
  for (const auto& column : key) {
    if (std::ranges::find(wanted, column) == wanted.end()) {
      return refuse(
          table,
          fmt::format("needs column \"{}\" in its column list: it belongs to the replica identity, and without it "
                      "UPDATE and DELETE would fail at the source",
                      column),
          fmt::format("Add \"{}\" to the column list.", column));
    }
  }
}

// A missing table may exist under the same name in another case.
Remedy missing_remedy(Connection& catalog, const TableName& asked) {
  const auto rows = catalog.query(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE lower(n.nspname) = lower($1) AND lower(c.relname) = lower($2) AND c.relkind IN ('r', 'p') LIMIT 1",
      {asked.schema, asked.name});
  if (rows.size() == 0) return fmt::format("Check the name and the database ({}).", catalog.database());
  return remedy("There is {}: write {} '{}'", rows.text(0, 0) + "." + rows.text(0, 1), RemedyOption::tables,
                catalog.quote_table(rows.text(0, 0), rows.text(0, 1)));
}

PublishableTable find_one(Connection& catalog, const TableName& asked) {
  PublishableTable table{.name = asked, .owner = {}, .refusal = {}, .refusal_remedy = {}};
  const auto rows = catalog.query(relation_query, {asked.schema, asked.name}, "looking up table " + asked.full_name());
  if (rows.size() == 0) {
    refuse(table, "does not exist", missing_remedy(catalog, asked));
    return table;
  }
  table.oid = rows.oid(0, 0);
  table.partitioned = rows.text(0, 1) == "p";
  table.may_publish = rows.boolean(0, 3);
  table.owner = rows.text(0, 4);
  const char persistence = rows.text(0, 2).at(0);
  if (auto why = kind_refusal(rows.text(0, 1).at(0), persistence, rows.boolean(0, 7)); !why.empty()) {
    refuse(table, std::move(why),
           persistence == 'u' ? Remedy(ExecuteSql{fmt::format("ALTER TABLE {} SET LOGGED;",
                                                              catalog.quote_table(asked.schema, asked.name))})
                              : Remedy("Name ordinary or partitioned tables."));
    return table;
  }
  check_columns(table, names_of(rows.json(0, 5)), names_of(rows.json(0, 6)), catalog.server_version());
  return table;
}

std::vector<PublishableTable> find_schema(Connection& catalog, const std::string& schema) {
  if (catalog.query("SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", {schema}).size() == 0) {
    throw Error(ErrorKind::source_not_ready, fmt::format("schema {} does not exist in {}", schema, catalog.where()),
                remedy("Name another one by {}, or tables by {}.", RemedyOption::schema, RemedyOption::tables));
  }
  const auto rows = catalog.query(schema_query, {schema}, "listing the tables of schema " + schema);
  std::vector<PublishableTable> tables;
  for (int row = 0; row < rows.size(); ++row) {
    tables.push_back({.name = {schema, rows.text(row, 0), {}},
                      .oid = rows.oid(row, 1),
                      .partitioned = rows.boolean(row, 2),
                      .may_publish = rows.boolean(row, 3),
                      .owner = rows.text(row, 4),
                      .refusal = {},
                      .refusal_remedy = {}});
  }
  if (tables.empty()) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("schema {} of {} holds no table that can be published", schema, catalog.where()),
                remedy("Name another one by {}, or tables by {}.", RemedyOption::schema, RemedyOption::tables));
  }
  return tables;
}

}  // namespace

std::string published_table_sql(const Connection& catalog, const PublishableTable& table) {
  std::string sql = (table.partitioned ? "" : "ONLY ") + catalog.quote_table(table.name.schema, table.name.name);
  for (std::size_t i = 0; i < table.name.columns.size(); ++i) {
    sql += (i == 0 ? " (" : ", ") + catalog.quote_name(table.name.columns[i]);
  }
  return table.name.columns.empty() ? sql : sql + ")";
}

std::vector<SourceTable> as_published(const std::vector<PublishableTable>& tables) {
  std::vector<SourceTable> published;
  for (const auto& table : tables) {
    if (table.oid == 0) continue;
    SourceTable made;
    made.oid = table.oid;
    made.schema = table.name.schema;
    made.name = table.name.name;
    made.partitioned = made.via_root = table.partitioned;
    made.published_columns = table.name.columns;
    made.row_identity = table.identity;
    published.push_back(std::move(made));
  }
  return published;
}

namespace {

std::vector<PublishableTable> with_identities(Connection& catalog, std::vector<PublishableTable> tables) {
  auto judged = as_published(tables);
  read_row_identities(catalog, judged);
  std::unordered_map<Oid, TableIdentity> identities;
  for (auto& table : judged) identities[table.oid] = std::move(table.row_identity);
  for (auto& table : tables) {
    const auto found = identities.find(table.oid);
    if (found != identities.end()) table.identity = std::move(found->second);
  }
  return tables;
}

}  // namespace

std::vector<PublishableTable> find_publishable(Connection& catalog, const std::string& schema,
                                               const std::vector<TableName>& asked,
                                               const std::unordered_set<Oid>& known) {
  const auto judged = [&](std::vector<PublishableTable> tables) {
    std::erase_if(tables, [&known](const PublishableTable& table) { return known.contains(table.oid); });
    return with_identities(catalog, std::move(tables));
  };
  if (asked.empty()) return judged(find_schema(catalog, schema));
  std::vector<PublishableTable> tables;
  for (const auto& name : asked) {
    const auto same = std::ranges::find_if(tables, same_table_as(name), &PublishableTable::name);
    if (same != tables.end()) {
      if (same->name == name) continue;
      throw Error(ErrorKind::configuration,
                  fmt::format("table {} is requested twice, with different columns", name.full_name()),
                  "Name it once.");
    }
    tables.push_back(find_one(catalog, name));
  }
  return judged(std::move(tables));
}

std::string create_publication_sql(const Connection& catalog, const std::string& name,
                                   const std::vector<PublishableTable>& tables, const std::string& publish) {
  std::string sql = "CREATE PUBLICATION " + catalog.quote_name(name);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    sql += (i == 0 ? " FOR TABLE " : ", ") + published_table_sql(catalog, tables[i]);
  }
  return fmt::format("{} WITH (publish = {}, publish_via_partition_root = true)", sql, catalog.quote_literal(publish));
}

void create_publication(Connection& catalog, const std::string& name, const std::string& schema,
                        const std::vector<TableName>& tables) {
  static_cast<void>(make_publication(catalog, {.name = name, .schema = schema, .tables = tables}));
}

}  // namespace walbrook::postgres
