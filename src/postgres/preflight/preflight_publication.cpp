#include "postgres/preflight/preflight_publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/publication_list.h"
#include "base/text.h"
#include "model/same_table.h"
#include "postgres/preflight/preflight_tables.h"
#include "postgres/publication/kept_publication.h"
#include "postgres/publication/keyless.h"
#include "postgres/publication/publication_age.h"

namespace walbrook::postgres {
namespace {

// Reports a requested table that is not as requested. If it was copied before, the run is not refused: the table left
// the publication, or remains in it unchanged.
void cannot_be_as_asked(const PreflightRequest& request, const TableName& asked, std::string what, Remedy remedy,
                        Findings& found) {
  const auto topic = "table " + asked.full_name();
  const bool known = std::ranges::any_of(request.known, same_table_as(asked));
  if (known) return found.warning(topic, std::move(what), std::move(remedy));
  found.error(topic, std::move(what), std::move(remedy));
}

// Returns true, and adds a finding, if the table was refused.
bool check_refusal(const PreflightRequest& request, const PublishableTable& table, Findings& found) {
  if (table.refusal.empty()) return false;
  cannot_be_as_asked(request, table.name, fmt::format("table {} {}", table.name.full_name(), table.refusal),
                     table.refusal_remedy, found);
  return true;
}

// Removes what the tables lack that have or get INSERT and TRUNCATE only, and says so.
void warn_of_partial(SourceTable& table, const TableIdentity& identity, Findings& found) {
  found.reported_warning("table " + table.full_name(), fmt::format("{}: {}", table.full_name(), partial_text(identity)),
                         "As its owner: " + identity.remedy);
  table.row_identity.lack.clear();
}

void check_keyless_creation(const PreflightRequest& request, const std::string& name, std::vector<SourceTable>& tables,
                            Findings& found) {
  if (!request.keyless) return;
  found.ok("publication",
           fmt::format("publication {} will be created for tables without replica identity", keyless_name(name)));
  for (auto& table : tables) {
    if (!table.row_identity.lack.empty()) warn_of_partial(table, TableIdentity(table.row_identity), found);
  }
}

void check_creation(Connection& catalog, const PreflightRequest& request, const std::string& name, Findings& found) {
  auto tables = find_publishable(catalog, request.schema, request.tables);
  std::erase_if(tables, [&](const PublishableTable& table) { return check_refusal(request, table, found); });
  if (tables.empty()) return;
  auto all = as_published(tables);
  std::erase_if(tables, [](const PublishableTable& table) { return !table.identity.lack.empty(); });
  const auto sql = create_publication_sql(catalog, name, tables);
  const auto may_create =
      catalog.query("SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')").boolean(0, 0);
  const auto foreign = std::ranges::find(tables, false, &PublishableTable::may_publish);
  if (may_create && foreign == tables.end()) {
    found.ok("publication", fmt::format("publication {} will be created for {} table{}", name, tables.size(),
                                        tables.size() == 1 ? "" : "s"));
  } else {
    const auto why =
        may_create ? fmt::format("does not own table {} (its owner is {})", foreign->name.full_name(), foreign->owner)
                   : fmt::format("lacks CREATE on database {}", catalog.database());
    found.error(
        "publication",
        fmt::format("publication {} does not exist, and role {} cannot create it: it {}", name, catalog.user(), why),
        "As the tables' owner, with CREATE on the database, run: " + sql + ";", ErrorKind::permission_denied);
  }
  check_keyless_creation(request, name, all, found);
  std::map<Oid, std::string> leaving_out;
  for (const auto& table : all) leaving_out.emplace(table.oid, name);
  check_tables(catalog, all, request, leaving_out, found);
}

std::string unpublished_operations(const PublishedOperations& operations) {
  std::vector<std::string> missing;
  if (!operations.inserts) missing.emplace_back("INSERT");
  if (!operations.updates) missing.emplace_back("UPDATE");
  if (!operations.deletes) missing.emplace_back("DELETE");
  if (!operations.truncates) missing.emplace_back("TRUNCATE");
  return fmt::format("{}", fmt::join(missing, ", "));
}

void check_operations(const Connection& catalog, const Publication& publication, const std::vector<std::string>& names,
                      Findings& found) {
  constexpr std::size_t most_named = 20;
  const auto remedy_sql = fmt::format("ALTER PUBLICATION {} SET (publish = 'insert, update, delete, truncate');",
                                      catalog.quote_name(names.front()));
  if (names.size() == 1) {
    const auto missing =
        unpublished_operations({publication.inserts, publication.updates, publication.deletes, publication.truncates});
    if (missing.empty()) return;
    return found.warning(
        "publication",
        fmt::format("publication {} leaves out {}: such changes do not reach the replica", names.front(), missing),
        remedy_sql);
  }
  std::map<std::string, std::vector<std::string>> tables;  // by what is missing
  for (const auto& table : publication.tables) {
    if (!table.partial.empty()) continue;  // reported with the reason
    if (auto missing = unpublished_operations(table.operations); !missing.empty()) {
      tables[std::move(missing)].push_back(table.full_name());
    }
  }
  for (auto& [missing, of] : tables) {
    if (of.size() > most_named) {
      of.resize(most_named);
      of.emplace_back("…");
    }
    found.warning("publication",
                  fmt::format("{} leave out {} of {}: such changes do not reach the replica", named_publications(names),
                              missing, fmt::join(of, ", ")),
                  "Publish them as well: ALTER PUBLICATION … SET (publish = 'insert, update, delete, truncate');");
  }
}

// Compares a requested table with a publication that the user created.
void check_asked(Connection& catalog, const PreflightRequest& request, const Publication& publication,
                 const std::vector<std::string>& names, const PublishableTable& asked, Findings& found) {
  const auto refuse = [&](std::string what, Remedy remedy) {
    cannot_be_as_asked(request, asked.name, std::move(what), std::move(remedy), found);
  };
  const auto pub = catalog.quote_name(names.front());
  const auto add = fmt::format("ALTER PUBLICATION {} ADD TABLE {};", pub, published_table_sql(catalog, asked));
  const auto same = std::ranges::find(publication.tables, asked.oid, &SourceTable::oid);
  if (same == publication.tables.end()) {
    const auto root = std::ranges::find_if(publication.tables, [&asked](const SourceTable& table) {
      return std::ranges::find(table.members, asked.oid) != table.members.end();
    });
    if (root != publication.tables.end()) {
      return refuse(
          fmt::format("{} is published as a partition of {}.{}", asked.name.full_name(), root->schema, root->name),
          remedy("Ask for {} '{}'.", RemedyOption::tables, catalog.quote_table(root->schema, root->name)));
    }
    return refuse(fmt::format("table {} is not in {}", asked.name.full_name(), named_publications(names)),
                  "As owner of both: " + add);
  }
  if (asked.name.columns.empty()) return;
  auto wanted = asked.name.columns;
  auto published = same->published_columns;
  std::ranges::sort(wanted);
  std::ranges::sort(published);
  if (wanted == published) return;
  refuse(fmt::format("{} {} {} of {}, not the requested columns", named_publications(names),
                     names.size() == 1 ? "publishes" : "publish",
                     same->published_columns.empty()
                         ? "all columns"
                         : fmt::format("the columns {}", fmt::join(same->published_columns, ", ")),
                     asked.name.full_name()),
         fmt::format("ALTER PUBLICATION {} DROP TABLE {}; {}", pub,
                     catalog.quote_table(asked.name.schema, asked.name.name), add));
}

bool is_in_gap(const PublicationGap& gap, Oid oid) {
  return std::ranges::find(gap.joining, oid, &PublishableTable::oid) != gap.joining.end() ||
         std::ranges::find(gap.left_out, oid, &LeftOutTable::oid) != gap.left_out.end();
}

// Reports what a run changes in walbrook's own publication. (A table that was taken out of it by hand stays out, but
// only a run knows which tables those are.)
void check_gap(const Connection& catalog, const PreflightRequest& request, const OwnPublication& own, Findings& found) {
  const auto& gap = own.gap;
  for (const auto& table : gap.left_out) {
    const bool published = std::ranges::find(gap.lacking, table.oid,
                                             [](const SourceTable* each) { return each->oid; }) != gap.lacking.end();
    if (published) continue;  // check_tables reports it
    if (request.keyless) {
      SourceTable named{.oid = table.oid, .schema = table.schema, .name = table.name};
      warn_of_partial(named, {.rows = {}, .unclear = {}, .lack = table.lack, .remedy = table.remedy}, found);
      continue;
    }
    found.reported_warning(
        "table " + table.schema + "." + table.name,
        fmt::format("publication {} leaves out {}.{}, because UPDATE and DELETE would fail AT THE SOURCE: {}", own.name,
                    table.schema, table.name, table.lack),
        "As its owner: " + table.remedy);
  }
  for (const auto& table : gap.joining) {
    if (!table.may_publish) {
      found.reported_warning(
          "table " + table.name.full_name(),
          fmt::format("role {} cannot add {} to publication {}: it does not own it (its owner is {})", catalog.user(),
                      table.name.full_name(), own.name, table.owner),
          fmt::format("As the owner of both: ALTER PUBLICATION {} ADD TABLE {};", catalog.quote_name(own.name),
                      published_table_sql(catalog, table)));
      continue;
    }
    found.note("table " + table.name.full_name(),
               fmt::format("a run adds {} to publication {}, unless it was taken out by hand", table.name.full_name(),
                           own.name));
  }
}

// A publication that the replica was not made from may be younger than what the slot has yet to send.
void check_age(Connection& catalog, const PreflightRequest& request, std::vector<std::string> names, Findings& found) {
  std::vector<std::string> known;
  if (!request.known_publication.empty()) known = parse_publications(request.known_publication);
  std::erase_if(names, [&known](const std::string& name) { return std::ranges::find(known, name) != known.end(); });
  const auto younger = publications_younger_than_slot(catalog, names, request.slot);
  if (younger.empty()) return;
  const auto what = fmt::format(
      "{} {} created after changes that slot {} has yet to send, and PostgreSQL {} cannot decode these with {}",
      named_publications(younger), younger.size() == 1 ? "was" : "were", request.slot,
      catalog.server_version() / 10'000, younger.size() == 1 ? "it" : "them");
  if (known.empty()) {
    return found.error("publication", what,
                       fmt::format("SELECT pg_drop_replication_slot('{}'); a run creates it again, and copies the "
                                   "tables.",
                                   request.slot),
                       ErrorKind::source_not_ready, {.slot = request.slot, .publication = request.publication});
  }
  found.error("publication", what,
              remedy("Run once with {}, which applies these changes; then with {}.",
                     SetOption{RemedyOption::publication, publication_list(known)},
                     SetOption{RemedyOption::publication, request.publication}),
              ErrorKind::source_not_ready, {.slot = request.slot, .publication = request.publication});
}

// Notes which tables are in the publication for tables without replica identity, or will be.
void check_partial(Connection& catalog, const PreflightRequest& request, Publication& publication,
                   const std::string& keyless, const std::vector<std::unique_ptr<OwnPublication>>& owned,
                   Findings& found) {
  if (!request.keyless) return;
  if (owned.empty()) {
    return found.error(
        "publication",
        fmt::format("tables without replica identity cannot be added: walbrook did not create {}",
                    named_publications(parse_publications(publication.name))),
        remedy("Create a publication of them with publish = 'insert, truncate', and name it as well with {}.",
               RemedyOption::publication),
        ErrorKind::configuration);
  }
  if (keyless.empty()) {
    found.ok("publication", fmt::format("publication {} will be created for tables without replica identity",
                                        keyless_name(owned.front()->name)));
  }
  std::map<Oid, TableIdentity> partial;
  if (!keyless.empty()) {
    for (auto& table : find_keyless_tables(catalog, keyless).staying) partial[table.oid] = table.row_identity;
  }
  for (const auto& own : owned) {
    for (const auto* table : own->gap.lacking) partial[table->oid] = table->row_identity;
  }
  for (auto& table : publication.tables) {
    const auto identity = partial.find(table.oid);
    if (identity == partial.end()) continue;
    table.partial = partial_text(identity->second);
    warn_of_partial(table, identity->second, found);
  }
}

void check_existing(Connection& catalog, const PreflightRequest& request, Publication publication,
                    const std::string& keyless, Findings& found) {
  const auto names = parse_publications(publication.name);
  found.ok("publication", fmt::format("{} {} {} table{}", named_publications(names), names.size() == 1 ? "has" : "have",
                                      publication.tables.size(), publication.tables.size() == 1 ? "" : "s"));
  if (publication.tables.empty()) {
    found.warning("publication",
                  fmt::format("{} {} no tables", named_publications(names), names.size() == 1 ? "has" : "have"),
                  fmt::format("ALTER PUBLICATION {} ADD TABLE …;", catalog.quote_name(names.front())));
  }
  const auto owned = find_own(catalog, publication, request.tables);
  check_partial(catalog, request, publication, keyless, owned, found);
  check_operations(catalog, publication, names, found);
  std::map<Oid, std::string> leaving_out;
  for (const auto& own : owned) {
    check_gap(catalog, request, *own, found);
    for (const auto* table : own->gap.lacking) leaving_out.emplace(table->oid, own->name);
  }
  if (!request.tables.empty()) {
    for (const auto& asked : find_publishable(catalog, request.schema, request.tables)) {
      if (check_refusal(request, asked, found)) continue;
      const bool joins = std::ranges::any_of(owned, [&](const auto& own) { return is_in_gap(own->gap, asked.oid); });
      if (!joins) check_asked(catalog, request, publication, names, asked, found);
    }
  }
  check_tables(catalog, publication.tables, request, leaving_out, found);
}

// Returns a text such as "Publications of shop: a, b."
std::string publications_there_are(Connection& catalog) {
  constexpr int most_listed = 20;
  const auto rows =
      catalog.query("SELECT pubname FROM pg_catalog.pg_publication ORDER BY pubname", {}, "listing the publications");
  if (rows.size() == 0) return fmt::format("Database {} has no publication.", catalog.database());
  std::vector<std::string> names;
  for (int row = 0; row < std::min(rows.size(), most_listed); ++row) names.push_back(printable(rows.text(row, 0)));
  if (rows.size() > most_listed) names.emplace_back("…");
  return fmt::format("Publications of {}: {}.", catalog.database(), fmt::join(names, ", "));
}

// Returns why the missing publication is not created, or nullopt if it is, because this is the first run. pgoutput
// looks a publication up in the catalog as of each change, so changes cannot be decoded with one that is younger than
// the slot.
std::optional<Error> missing_publication(Connection& catalog, const PreflightRequest& request, const std::string& name,
                                         bool is_one_of_several, bool slot_exists) {
  std::string why;
  if (is_one_of_several) {
    why = "several were named: none of them is created then";
  } else if (!request.known_publication.empty() && request.known_publication != request.publication) {
    why = fmt::format("the replica was copied from publication {}", request.known_publication);
  } else if (request.checkpoint.is_set()) {
    why = fmt::format("the replica is at {}: changes since it was dropped cannot be read",
                      request.checkpoint.to_string());
  } else if (slot_exists && !request.makes_publication) {
    why = fmt::format("slot {} exists: a publication is created on a pipeline's first run only, before its slot",
                      request.slot);
  } else {
    return std::nullopt;
  }
  const auto cause = fmt::format("publication {} does not exist, but {}", name, why);
  if (is_one_of_several && !request.checkpoint.is_set()) {
    return Error(ErrorKind::source_not_ready, cause,
                 remedy("{} Name others with {}, or create it first: CREATE PUBLICATION {} FOR TABLE …;",
                        publications_there_are(catalog), RemedyOption::publication, catalog.quote_name(name)),
                 {.publication = name});
  }
  return Error(ErrorKind::source_not_ready, cause,
               remedy("{} Name one with {}, or check the database; {} copies everything again.",
                      publications_there_are(catalog), RemedyOption::publication, RemedyAction::reset),
               {.publication = name});
}

Error no_publication_on_standby(Connection& catalog, const PreflightRequest& request, const std::string& name) {
  auto tables = find_publishable(catalog, request.schema, request.tables);
  std::erase_if(tables,
                [](const PublishableTable& table) { return !table.refusal.empty() || !table.identity.lack.empty(); });
  return {ErrorKind::source_not_ready,
          fmt::format("publication {} does not exist, and a standby cannot create it", name),
          remedy("On the primary, as the tables' owner: {}",
                 ExecuteSql{create_publication_sql(catalog, name, tables) + ";"}),
          {.publication = name}};
}

void warn_of_older_slot(const PreflightRequest& request, Findings& found) {
  found.warning(
      "publication",
      fmt::format(
          "slot {} is older than publication {}, which does not exist yet: changes between them cannot be decoded",
          request.slot, request.publication),
      fmt::format("SELECT pg_drop_replication_slot('{}'); it is created again after the publication.", request.slot));
}

}  // namespace

void check_publication(Connection& catalog, const PreflightRequest& request, bool slot_exists, Findings& found) {
  const bool standby = is_standby(catalog);
  const auto names = parse_publications(request.publication);
  const bool is_one_of_several = names.size() > 1;
  // A reset drops walbrook's own publication, unless it is one of several.
  const bool goes = request.reset && !standby && !is_one_of_several && is_own_publication(catalog, names.front());
  auto all = names;
  const auto keyless =
      request.keyless && !goes ? find_keyless_publication(catalog, request.publication) : std::string();
  if (!keyless.empty()) all.push_back(keyless);
  auto publication = goes ? std::nullopt : read_publication(catalog, publication_list(all));
  if (publication) {
    if (slot_exists) check_age(catalog, request, names, found);
    return check_existing(catalog, request, *std::move(publication), keyless, found);
  }
  const auto absent = goes ? names : missing_publications(catalog, names);
  const auto& name = absent.empty() ? names.front() : absent.front();
  if (const auto missing = missing_publication(catalog, request, name, is_one_of_several, slot_exists)) {
    return found.error("publication", *missing);
  }
  if (standby) return found.error("publication", no_publication_on_standby(catalog, request, name));
  check_creation(catalog, request, name, found);
  if (slot_exists) warn_of_older_slot(request, found);
}

}  // namespace walbrook::postgres
