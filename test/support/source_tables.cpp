#include "test/support/source_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace walbrook::test {
namespace {

// A row of pg_publication_tables, with the root that publishes its changes.
struct Published {
  std::string relation;  // quoted, qualified
  std::string root_oid;
  bool partitioned = false;
  std::vector<std::string> columns;  // empty: all
  std::string filter;
};

std::vector<Published> published_relations(Sql& sql, const std::string& publication) {
  const bool has_lists = PQserverVersion(sql.raw()) >= 150000;
  const auto rows = sql.query(fmt::format(
      "SELECT quote_ident(p.schemaname) || '.' || quote_ident(p.tablename), coalesce(pg_partition_root(c.oid), "
      "c.oid)::oid, "
      "c.relkind = 'p', {} FROM pg_publication_tables p JOIN pg_namespace n ON n.nspname = p.schemaname "
      "JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename "
      "WHERE p.pubname = ANY (string_to_array({}, ',')) ORDER BY 1, p.pubname",
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

// Several publications: a relation is sent by the rows that one of them lets pass, so one without a filter lets all
// pass; and a partition is not sent by itself if its root is.
std::vector<Published> united(const std::vector<Published>& parts) {
  const bool via_root = std::ranges::any_of(parts, &Published::partitioned);
  std::vector<Published> out;
  for (const auto& part : parts) {
    if (part.partitioned != via_root) continue;
    const auto same = std::ranges::find(out, part.relation, &Published::relation);
    if (same == out.end()) {
      out.push_back(part);
    } else if (part.filter.empty() || same->filter.empty()) {
      same->filter.clear();
    } else {
      same->filter += " OR " + part.filter;
    }
  }
  return out;
}

BaseType type_of(Sql& sql, const std::string& oid, std::int32_t typmod);

BaseType composite(Sql& sql, const std::string& oid) {
  BaseType type{.oid = static_cast<std::uint32_t>(std::stoul(oid)), .kind = BaseType::Kind::composite};
  for (const auto& row : sql.query("SELECT a.attname, a.atttypid, a.atttypmod FROM pg_attribute a JOIN pg_type t ON "
                                   "t.typrelid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped AND t.oid = " +
                                   oid + " ORDER BY a.attnum")) {
    type.fields.push_back({.name = *row[0], .type = type_of(sql, *row[1], std::stoi(*row[2]))});
  }
  return type.fields.empty() ? BaseType{.oid = type.oid} : type;  // a composite without attributes is text
}

// Resolves domains; a domain's own typmod takes precedence. The element type of an array names it as typarray.
BaseType type_of(Sql& sql, const std::string& oid, std::int32_t typmod) {
  const auto row =
      sql.query(
             "SELECT t.typtype, t.typbasetype, t.typtypmod, (SELECT e.oid FROM pg_type e WHERE e.typarray = t.oid), "
             "n.nspname, CASE WHEN t.typname IN ('hstore', 'vector', 'halfvec') THEN t.typname END FROM pg_type t JOIN "
             "pg_namespace n ON n.oid = t.typnamespace "
             "WHERE t.oid = " +
             oid)
          .at(0);
  if (*row[0] == "d") return type_of(sql, *row[1], row[2] == "-1" ? typmod : std::stoi(*row[2]));
  if (*row[0] == "c") return composite(sql, oid);
  BaseType type{.oid = static_cast<std::uint32_t>(std::stoul(oid)), .typmod = typmod, .is_enum = row[0] == "e"};
  if (row[3]) {
    type.kind = BaseType::Kind::array;
    type.fields.push_back({.name = "", .type = type_of(sql, *row[3], typmod)});
  } else if (row[5] == "hstore") {
    type.kind = BaseType::Kind::hstore;
    type.schema = *row[4];
  } else if (row[5]) {
    type.kind = BaseType::Kind::vector;
  }
  return type;
}

// Generated columns are published since version 18, and only if the publication's column list names them.
std::vector<SourceColumn> columns_of(Sql& sql, const std::string& oid, bool listed) {
  std::vector<SourceColumn> columns;
  std::map<std::string, BaseType> known;  // 1,600 columns have few types
  const auto rows = sql.query(fmt::format(
      "SELECT a.attname, a.atttypid, a.atttypmod, coalesce(a.attnum = ANY (i.indkey), false), n.nspname || '.' || "
      "t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = "
      "t.typnamespace "
      "LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary "
      "WHERE a.attrelid = {} AND a.attnum > 0 AND NOT a.attisdropped AND (a.attgenerated = '' OR {}) ORDER BY a.attnum",
      oid, listed));
  for (const auto& row : rows) {
    const auto key = *row[1] + ":" + *row[2];
    if (!known.contains(key)) known[key] = type_of(sql, *row[1], std::stoi(*row[2]));
    columns.push_back({.name = *row[0], .type = known[key], .declared = *row[4], .in_key = *row[3] == "t"});
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
  for (const auto& [root, listed] : by_root) {
    const auto parts = united(listed);
    const auto name = sql.query(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " +
        root);
    PublishedTable table{
        .schema = *name.at(0)[0],
        .name = *name.at(0)[1],
        .columns = columns_of(sql, root, PQserverVersion(sql.raw()) >= 180000 && !parts[0].columns.empty())};
    if (!parts[0].columns.empty()) {
      std::erase_if(table.columns, [&parts](const SourceColumn& column) {
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
