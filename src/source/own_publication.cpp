#include "source/own_publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "source/publishing.h"

namespace walbrook::source {
namespace {

constexpr const char* own_comment = "created by walbrook";

// "insert, update" as PostgreSQL takes it; Error(configuration) for a word that it does not know.
std::string checked_operations(const std::string& publish) {
  constexpr std::array<std::string_view, 4> known = {"insert", "update", "delete", "truncate"};
  std::vector<std::string> words;
  std::istringstream in(publish);
  for (std::string word; std::getline(in, word, ',');) {
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
    if (std::ranges::find(known, word) == known.end()) {
      throw Error(ErrorKind::configuration, fmt::format("publish = \"{}\": \"{}\" is no operation", publish, word),
                  "Operations are insert, update, delete and truncate, with commas between them.",
                  {.setting = "publish"});
    }
    words.push_back(std::move(word));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

void change(Connection& catalog, const std::string& name, const std::string& sql) {
  try {
    catalog.execute(sql, "changing publication " + name);
  } catch (const Error& failed) {
    if (failed.kind() != ErrorKind::rights) throw;
    throw Error(ErrorKind::rights, failed.cause(),
                "As the tables' owner, with CREATE on the database, run: " + sql + ";", failed.facts());
  }
}

void refuse_what_cannot_be_published(const std::vector<PublishableTable>& tables) {
  for (const auto& table : tables) {
    if (table.refusal.empty()) continue;
    throw Error(ErrorKind::source_not_ready, fmt::format("table {} {}", table.name.full_name(), table.refusal),
                table.refusal_mend, {.table = table.name.full_name()});
  }
}

// FOR TABLES IN SCHEMA is a superuser's, and does not go together with column lists.
// https://www.postgresql.org/docs/current/sql-createpublication.html
std::string why_not_schema(Connection& catalog) {
  if (catalog.server_version() < 150000) return "PostgreSQL has FOR TABLES IN SCHEMA from version 15 on";
  if (!catalog.query("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user").boolean(0, 0)) {
    return "FOR TABLES IN SCHEMA needs a superuser";
  }
  return {};
}

const SourceTable* published(const Publication& publication, Oid oid) {
  const auto found = std::ranges::find_if(publication.tables, [oid](const SourceTable& table) {
    return std::ranges::find(table.members, oid) != table.members.end();
  });
  return found == publication.tables.end() ? nullptr : &*found;
}

std::string follow_note(const std::string& schema, const std::string& why) {
  return fmt::format("the tables that schema {} has today are published; later ones are added by calling again ({})",
                     schema, why);
}

MadePublication create(Connection& catalog, const WantedPublication& wanted, const std::string& operations) {
  MadePublication made{.created = true, .added = {}, .follows_schema = false, .note = {}};
  std::string sql;
  const bool whole = wanted.tables.empty();
  const auto why_not = whole ? why_not_schema(catalog) : std::string();
  if (whole && why_not.empty()) {
    sql = fmt::format(
        "CREATE PUBLICATION {} FOR TABLES IN SCHEMA {} WITH (publish = {}, publish_via_partition_root = true)",
        catalog.quote_name(wanted.name), catalog.quote_name(wanted.schema), catalog.quote_literal(operations));
    made.follows_schema = true;
    for (const auto& table : find_publishable(catalog, wanted.schema, {})) made.added.push_back(table.name.full_name());
  } else {
    const auto tables = find_publishable(catalog, wanted.schema, wanted.tables);
    refuse_what_cannot_be_published(tables);
    for (const auto& table : tables) made.added.push_back(table.name.full_name());
    sql = create_publication_sql(catalog, wanted.name, tables, operations);
    if (whole) made.note = follow_note(wanted.schema, why_not);
  }
  change(catalog, wanted.name, sql);
  mark_as_own(catalog, wanted.name);
  return made;
}

// Column lists are changed only by taking the table out and adding it again; one statement string is one transaction.
std::string set_columns_sql(const Connection& catalog, const std::string& name, const PublishableTable& table) {
  return fmt::format("ALTER PUBLICATION {} DROP TABLE {}; ALTER PUBLICATION {} ADD TABLE {}", catalog.quote_name(name),
                     catalog.quote_table(table.name.schema, table.name.name), catalog.quote_name(name),
                     published_table_sql(catalog, table));
}

bool other_columns(const SourceTable& now, const PublishableTable& asked) {
  auto wanted = asked.name.columns;
  auto has = now.published_columns;
  std::ranges::sort(wanted);
  std::ranges::sort(has);
  return !wanted.empty() && wanted != has;
}

void set_operations(Connection& catalog, const Publication& now, const std::string& operations) {
  const auto has = [&operations](const char* word) { return operations.find(word) != std::string::npos; };
  if (now.inserts == has("insert") && now.updates == has("update") && now.deletes == has("delete") &&
      now.truncates == has("truncate")) {
    return;
  }
  change(catalog, now.name,
         fmt::format("ALTER PUBLICATION {} SET (publish = {})", catalog.quote_name(now.name),
                     catalog.quote_literal(operations)));
}

MadePublication complete(Connection& catalog, const WantedPublication& wanted, const Publication& now,
                         const std::string& operations) {
  MadePublication made;
  const bool own = is_own_publication(catalog, wanted.name);
  const auto tables = find_publishable(catalog, wanted.schema, wanted.tables);
  refuse_what_cannot_be_published(tables);
  for (const auto& table : tables) {
    const auto* known = published(now, table.oid);
    if (known != nullptr && (!own || !other_columns(*known, table))) continue;
    const auto sql = known != nullptr
                         ? set_columns_sql(catalog, wanted.name, table)
                         : fmt::format("ALTER PUBLICATION {} ADD TABLE {}", catalog.quote_name(wanted.name),
                                       published_table_sql(catalog, table));
    if (!own) {
      throw Error(ErrorKind::source_not_ready,
                  fmt::format("table {} is not in publication {}, which walbrook did not make", table.name.full_name(),
                              wanted.name),
                  "As owner of both: " + sql + ";", {.publication = wanted.name, .table = table.name.full_name()});
    }
    change(catalog, wanted.name, sql);
    made.added.push_back(table.name.full_name());
  }
  if (own) set_operations(catalog, now, operations);
  if (wanted.tables.empty() && own) {
    const auto rows = catalog.server_version() < 150000
                          ? 0
                          : catalog
                                .query(
                                    "SELECT FROM pg_catalog.pg_publication_namespace pn "
                                    "JOIN pg_catalog.pg_publication p ON p.oid = pn.pnpubid "
                                    "JOIN pg_catalog.pg_namespace n ON n.oid = pn.pnnspid "
                                    "WHERE p.pubname = $1 AND n.nspname = $2",
                                    {wanted.name, wanted.schema})
                                .size();
    made.follows_schema = rows > 0 || now.all_tables;
    if (!made.follows_schema) {
      const auto why_not = why_not_schema(catalog);
      made.note = follow_note(wanted.schema, why_not.empty() ? "the publication was made of tables" : why_not);
    }
  }
  return made;
}

}  // namespace

bool is_own_publication(Connection& catalog, const std::string& name) {
  return catalog
             .query(
                 "SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = $1"
                 " AND pg_catalog.obj_description(oid, 'pg_publication') = $2",
                 {name, own_comment})
             .size() > 0;
}

void mark_as_own(Connection& catalog, const std::string& name) {
  catalog.execute(
      fmt::format("COMMENT ON PUBLICATION {} IS {}", catalog.quote_name(name), catalog.quote_literal(own_comment)),
      "marking the publication as ours");
}

void drop_own_publication(Connection& catalog, const std::string& name) {
  if (!is_own_publication(catalog, name)) return;
  catalog.execute("DROP PUBLICATION " + catalog.quote_name(name), "dropping the publication");
}

MadePublication make_publication(Connection& catalog, const WantedPublication& wanted) {
  const auto operations = checked_operations(wanted.publish);
  if (const auto now = read_publication(catalog, wanted.name)) return complete(catalog, wanted, *now, operations);
  return create(catalog, wanted, operations);
}

}  // namespace walbrook::source
