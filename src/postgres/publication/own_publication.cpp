#include "postgres/publication/own_publication.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <unordered_map>

#include "base/fault.h"
#include "postgres/connection/server_identity.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {
namespace {

constexpr std::string_view own_comment = "created by walbrook";
constexpr std::string_view for_schema = " for schema ";
constexpr std::string_view for_keyless = " for tables without replica identity";

// Returns the operations as PostgreSQL accepts them: "insert, update". Throws Error(configuration) for an unknown word.
std::string checked_operations(const std::string& publish) {
  constexpr std::array<std::string_view, 4> known = {"insert", "update", "delete", "truncate"};
  std::vector<std::string> words;
  std::istringstream in(publish);
  for (std::string word; std::getline(in, word, ',');) {
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
    if (std::ranges::find(known, word) == known.end()) {
      throw Error(ErrorKind::configuration, fmt::format("publish = \"{}\": \"{}\" is not an operation", publish, word),
                  "Operations are insert, update, delete and truncate, with commas between them.",
                  {.setting = "publish"});
    }
    words.push_back(std::move(word));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

void refuse_what_cannot_be_published(const std::vector<PublishableTable>& tables) {
  for (const auto& table : tables) {
    if (table.refusal.empty()) continue;
    throw Error(ErrorKind::source_not_ready, fmt::format("table {} {}", table.name.full_name(), table.refusal),
                table.refusal_remedy, {.table = table.name.full_name()});
  }
}

bool holds(const std::string& operations, std::string_view word) {
  return operations.find(word) != std::string::npos;
}

// The source requires no replica identity for an insert-only publication.
std::vector<LeftOutTable> leave_out(std::vector<PublishableTable>& tables, const std::string& operations) {
  std::vector<LeftOutTable> left_out;
  if (!holds(operations, "update") && !holds(operations, "delete")) return left_out;
  for (const auto& table : tables) {
    if (table.identity.lack.empty()) continue;
    left_out.push_back({.oid = table.oid,
                        .schema = table.name.schema,
                        .name = table.name.name,
                        .lack = table.identity.lack,
                        .remedy = table.identity.remedy});
  }
  std::erase_if(tables, [](const PublishableTable& table) { return !table.identity.lack.empty(); });
  return left_out;
}

// Returns the published tables by the relations whose changes belong to them.
std::unordered_map<Oid, const SourceTable*> published_tables(const Publication& publication) {
  std::unordered_map<Oid, const SourceTable*> published;
  for (const auto& table : publication.tables) {
    for (const auto member : table.members) published.try_emplace(member, &table);
  }
  return published;
}

// Creates the publication and marks it. Statements that are sent as one string are one transaction, so no crash leaves
// a publication of walbrook's without its mark. Throws Error(permission_denied) with the SQL if the role may not create
// it; that SQL does not set the mark, because the role that runs it will own the publication.
void create_as_own(Connection& catalog, const WantedPublication& wanted, const std::vector<PublishableTable>& tables,
                   const std::string& operations) {
  const auto sql = create_publication_sql(catalog, wanted.name, tables, operations);
  const OwnMark mark{.schema = wanted.tables.empty() ? wanted.schema : std::string()};
  change_publication(catalog, wanted.name, sql, mark_sql(catalog, wanted.name, mark));
  fault::hit("publication_made");
}

MadePublication create(Connection& catalog, const WantedPublication& wanted, const std::string& operations) {
  MadePublication made{.created = true, .added = {}, .left_out = {}};
  auto tables = find_publishable(catalog, wanted.schema, wanted.tables);
  refuse_what_cannot_be_published(tables);
  made.left_out = leave_out(tables, operations);
  for (const auto& table : tables) made.added.push_back(table.name.full_name());
  create_as_own(catalog, wanted, tables, operations);
  return made;
}

// A column list can be changed only by taking the table out and adding it again. One statement string is one
// transaction.
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
  if (now.inserts == holds(operations, "insert") && now.updates == holds(operations, "update") &&
      now.deletes == holds(operations, "delete") && now.truncates == holds(operations, "truncate")) {
    return;
  }
  change_publication(catalog, now.name,
                     fmt::format("ALTER PUBLICATION {} SET (publish = {})", catalog.quote_name(now.name),
                                 catalog.quote_literal(operations)));
}

MadePublication complete(Connection& catalog, const WantedPublication& wanted, const Publication& now,
                         const std::string& operations) {
  MadePublication made;
  const auto mark = read_own_mark(catalog, wanted.name);
  auto tables = find_publishable(catalog, wanted.schema, wanted.tables);
  refuse_what_cannot_be_published(tables);
  if (mark) made.left_out = leave_out(tables, operations);
  const auto published = published_tables(now);
  for (const auto& table : tables) {
    const auto found = published.find(table.oid);
    const auto* known = found == published.end() ? nullptr : found->second;
    if (known != nullptr && (!mark || !other_columns(*known, table))) continue;
    const auto sql = known != nullptr
                         ? set_columns_sql(catalog, wanted.name, table)
                         : fmt::format("ALTER PUBLICATION {} ADD TABLE {}", catalog.quote_name(wanted.name),
                                       published_table_sql(catalog, table));
    if (!mark) {
      throw Error(ErrorKind::source_not_ready,
                  fmt::format("table {} is not in publication {}, which walbrook did not create",
                              table.name.full_name(), wanted.name),
                  "As owner of both: " + sql + ";", {.publication = wanted.name, .table = table.name.full_name()});
    }
    change_publication(catalog, wanted.name, sql);
    made.added.push_back(table.name.full_name());
  }
  if (!mark) return made;
  set_operations(catalog, now, operations);
  if (wanted.tables.empty() && mark->schema.empty()) {
    catalog.execute(mark_sql(catalog, wanted.name, {.schema = wanted.schema}), "marking the publication as ours");
  }
  if (wanted.tables.empty() && !mark->schema.empty() && mark->schema != wanted.schema) {
    spdlog::warn("publication {} was created for schema {}: later tables of {} are added by calling again", wanted.name,
                 mark->schema, wanted.schema);
  }
  return made;
}

}  // namespace

std::string mark_sql(const Connection& catalog, const std::string& name, const OwnMark& mark) {
  auto comment = std::string(own_comment);
  if (!mark.schema.empty()) comment.append(for_schema).append(mark.schema);
  if (mark.keyless) comment.append(for_keyless);
  return fmt::format("COMMENT ON PUBLICATION {} IS {}", catalog.quote_name(name), catalog.quote_literal(comment));
}

void change_publication(Connection& catalog, const std::string& name, const std::string& sql, const std::string& then) {
  try {
    catalog.execute(then.empty() ? sql : sql + "; " + then, "changing publication " + name);
  } catch (const Error& failed) {
    if (is_standby(catalog)) {
      throw Error(ErrorKind::source_not_ready, failed.cause(),
                  remedy("On the primary, as the tables' owner: {}", ExecuteSql{sql + ";"}), failed.facts());
    }
    if (failed.kind() != ErrorKind::permission_denied) throw;
    throw Error(ErrorKind::permission_denied, failed.cause(),
                "As the tables' owner, with CREATE on the database, run: " + sql + ";", failed.facts());
  }
}

std::optional<OwnMark> read_own_mark(Connection& catalog, const std::string& name) {
  const auto rows = catalog.query(
      "SELECT pg_catalog.obj_description(oid, 'pg_publication') FROM pg_catalog.pg_publication WHERE pubname = $1",
      {name}, "reading the comment of publication " + name);
  if (rows.size() == 0) return std::nullopt;
  const auto text = rows.text(0, 0);
  std::string_view comment = text;
  if (!comment.starts_with(own_comment)) return std::nullopt;
  comment.remove_prefix(own_comment.size());
  if (comment.empty()) return OwnMark{};
  if (comment == for_keyless) return OwnMark{.keyless = true};
  if (!comment.starts_with(for_schema)) return std::nullopt;
  return OwnMark{.schema = std::string(comment.substr(for_schema.size()))};
}

bool is_own_publication(Connection& catalog, const std::string& name) {
  return read_own_mark(catalog, name).has_value();
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

}  // namespace walbrook::postgres
