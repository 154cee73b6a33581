#include "test/support/source_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace walbrook::test {
namespace {

// A row of pg_publication_tables with the root that its changes belong to.
struct Published {
  std::string relation;  // quoted, qualified
  std::string root_oid;
  bool partitioned = false;
  std::vector<std::string> columns;  // empty = all
  std::string filter;
};

std::vector<Published> published_relations(Sql& sql, const std::string& publication) {
  const bool has_lists = PQserverVersion(sql.raw()) >= 150000;
  const auto rows = sql.query(fmt::format(
      "SELECT quote_ident(p.schemaname) || '.' || quote_ident(p.tablename), coalesce(pg_partition_root(c.oid), "
      "c.oid)::oid, "
      "c.relkind = 'p', {} FROM pg_publication_tables p JOIN pg_namespace n ON n.nspname = p.schemaname "
      "JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename WHERE p.pubname = {} ORDER BY 1",
      has_lists ? "array_to_string(p.attnames, E'\\x1f'), p.rowfilter" : "NULL, NULL", quote_literal(publication)));
  std::vector<Published> published;
  for (const auto& row : rows) {
    Published one{
        .relation = *row[0], .root_oid = *row[1], .partitioned = *row[2] == "t", .filter = row[4].value_or("")};
    std::string rest = row[3].value_or("");
    while (!rest.empty()) {
      const auto end = rest.find('\x1f');
      one.columns.push_back(rest.substr(0, end));
      rest = end == std::string::npos ? "" : rest.substr(end + 1);
    }
    published.push_back(std::move(one));
  }
  return published;
}

std::vector<SourceColumn> columns_of(Sql& sql, const std::string& oid) {
  std::vector<SourceColumn> columns;
  // A domain over a domain has its typmod where the base type is named.
  const auto rows = sql.query(fmt::format(
      "SELECT a.attname, base.oid, base.typmod, coalesce(a.attnum = ANY (i.indkey), false) FROM pg_attribute a "
      "LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary CROSS JOIN LATERAL ("
      "  WITH RECURSIVE d AS (SELECT t.*, a.atttypmod AS typmod FROM pg_type t WHERE t.oid = a.atttypid UNION ALL "
      "    SELECT t.*, CASE WHEN d.typtypmod >= 0 THEN d.typtypmod ELSE d.typmod END FROM pg_type t "
      "    JOIN d ON t.oid = d.typbasetype WHERE d.typtype = 'd') SELECT oid, typmod FROM d WHERE typtype <> 'd') base "
      "WHERE a.attrelid = {} AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum",
      oid));
  for (const auto& row : rows) {
    columns.push_back({.name = *row[0],
                       .type = {.oid = static_cast<std::uint32_t>(std::stoul(*row[1])), .typmod = std::stoi(*row[2])},
                       .in_key = *row[3] == "t"});
  }
  return columns;
}

std::string select_from(const Published& published, const std::vector<SourceColumn>& columns) {
  std::string names;
  for (const auto& column : columns) names += (names.empty() ? "" : ", ") + quote_name(column.name);
  return fmt::format("SELECT {} FROM {} {}{}", names, published.partitioned ? "" : "ONLY", published.relation,
                     published.filter.empty() ? "" : " WHERE " + published.filter);
}

}  // namespace

std::vector<PublishedTable> published_tables(Sql& sql, const std::string& publication) {
  std::map<std::string, std::vector<Published>> by_root;
  for (auto& one : published_relations(sql, publication)) by_root[one.root_oid].push_back(one);
  std::vector<PublishedTable> tables;
  for (const auto& [root, parts] : by_root) {
    const auto name = sql.query(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " +
        root);
    PublishedTable table{.schema = *name.at(0)[0], .name = *name.at(0)[1], .columns = columns_of(sql, root)};
    if (!parts[0].columns.empty()) {
      std::erase_if(table.columns, [&parts = parts](const SourceColumn& column) {
        return std::ranges::find(parts[0].columns, column.name) == parts[0].columns.end();
      });
    }
    for (const auto& part : parts)
      table.rows += (table.rows.empty() ? "" : " UNION ALL ") + select_from(part, table.columns);
    table.rows = "(" + table.rows + ") AS t";
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace walbrook::test
