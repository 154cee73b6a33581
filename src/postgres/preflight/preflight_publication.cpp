#include "postgres/preflight/preflight_publication.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "model/same_table.h"
#include "postgres/preflight/preflight_tables.h"
#include "postgres/publication/kept_publication.h"

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

void check_creation(Connection& catalog, const PreflightRequest& request, Findings& found) {
  auto tables = find_publishable(catalog, request.schema, request.tables);
  std::erase_if(tables, [&](const PublishableTable& table) { return check_refusal(request, table, found); });
  if (tables.empty()) return;
  const auto all = as_published(tables);
  std::erase_if(tables, [](const PublishableTable& table) { return !table.identity.lack.empty(); });
  const auto sql = create_publication_sql(catalog, request.publication, tables);
  const auto may_create =
      catalog.query("SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')").boolean(0, 0);
  const auto foreign = std::ranges::find(tables, false, &PublishableTable::may_publish);
  if (may_create && foreign == tables.end()) {
    found.ok("publication", fmt::format("publication {} will be created for {} table{}", request.publication,
                                        tables.size(), tables.size() == 1 ? "" : "s"));
  } else {
    const auto why =
        may_create ? fmt::format("does not own table {} (its owner is {})", foreign->name.full_name(), foreign->owner)
                   : fmt::format("lacks CREATE on database {}", catalog.database());
    found.error("publication",
                fmt::format("publication {} does not exist, and role {} cannot create it: it {}", request.publication,
                            catalog.user(), why),
                "As the tables' owner, with CREATE on the database, run: " + sql + ";", ErrorKind::permission_denied);
  }
  check_tables(catalog, all, {}, request, PublicationOwner::walbrook, found);
}

void check_operations(const Connection& catalog, const Publication& publication, Findings& found) {
  std::vector<std::string> missing;
  if (!publication.inserts) missing.emplace_back("INSERT");
  if (!publication.updates) missing.emplace_back("UPDATE");
  if (!publication.deletes) missing.emplace_back("DELETE");
  if (!publication.truncates) missing.emplace_back("TRUNCATE");
  if (missing.empty()) return;
  found.warning("publication",
                fmt::format("publication {} leaves out {}: such changes do not reach the replica", publication.name,
                            fmt::join(missing, ", ")),
                fmt::format("ALTER PUBLICATION {} SET (publish = 'insert, update, delete, truncate');",
                            catalog.quote_name(publication.name)));
}

// Compares a requested table with a publication that the user created.
void check_asked(Connection& catalog, const PreflightRequest& request, const Publication& publication,
                 const PublishableTable& asked, Findings& found) {
  const auto refuse = [&](std::string what, Remedy remedy) {
    cannot_be_as_asked(request, asked.name, std::move(what), std::move(remedy), found);
  };
  const auto pub = catalog.quote_name(publication.name);
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
    return refuse(fmt::format("table {} is not in publication {}", asked.name.full_name(), publication.name),
                  "As owner of both: " + add);
  }
  if (asked.name.columns.empty()) return;
  auto wanted = asked.name.columns;
  auto published = same->published_columns;
  std::ranges::sort(wanted);
  std::ranges::sort(published);
  if (wanted == published) return;
  refuse(fmt::format("publication {} publishes {} of {}, not the requested columns", publication.name,
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
void check_gap(const Connection& catalog, const Publication& publication, const PublicationGap& gap, Findings& found) {
  for (const auto& table : gap.left_out) {
    const bool published = std::ranges::find(gap.lacking, table.oid,
                                             [](const SourceTable* each) { return each->oid; }) != gap.lacking.end();
    if (published) continue;  // check_tables reports it
    found.reported_warning(
        "table " + table.schema + "." + table.name,
        fmt::format("publication {} leaves out {}.{}, because UPDATE and DELETE would fail AT THE SOURCE: {}",
                    publication.name, table.schema, table.name, table.lack),
        "As its owner: " + table.remedy);
  }
  for (const auto& table : gap.joining) {
    if (!table.may_publish) {
      found.reported_warning(
          "table " + table.name.full_name(),
          fmt::format("role {} cannot add {} to publication {}: it does not own it (its owner is {})", catalog.user(),
                      table.name.full_name(), publication.name, table.owner),
          fmt::format("As the owner of both: ALTER PUBLICATION {} ADD TABLE {};", catalog.quote_name(publication.name),
                      published_table_sql(catalog, table)));
      continue;
    }
    found.note("table " + table.name.full_name(),
               fmt::format("a run adds {} to publication {}, unless it was taken out by hand", table.name.full_name(),
                           publication.name));
  }
}

void check_existing(Connection& catalog, const PreflightRequest& request, const Publication& publication,
                    Findings& found) {
  found.ok("publication", fmt::format("publication {} has {} table{}", publication.name, publication.tables.size(),
                                      publication.tables.size() == 1 ? "" : "s"));
  if (publication.tables.empty()) {
    found.warning("publication", fmt::format("publication {} has no tables", publication.name),
                  fmt::format("ALTER PUBLICATION {} ADD TABLE …;", catalog.quote_name(publication.name)));
  }
  check_operations(catalog, publication, found);
  const auto mark = read_own_mark(catalog, publication.name);
  const auto gap = mark ? find_gap(catalog, publication, *mark, request.tables) : PublicationGap{};
  check_gap(catalog, publication, gap, found);
  if (!request.tables.empty()) {
    for (const auto& asked : find_publishable(catalog, request.schema, request.tables)) {
      if (check_refusal(request, asked, found) || is_in_gap(gap, asked.oid)) continue;
      check_asked(catalog, request, publication, asked, found);
    }
  }
  const PublishedOperations operations{.updates = publication.updates,
                                       .deletes = publication.deletes,
                                       .via_partition_root = publication.via_partition_root};
  check_tables(catalog, publication.tables, operations, request,
               mark ? PublicationOwner::walbrook : PublicationOwner::user, found);
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
std::optional<Error> missing_publication(Connection& catalog, const PreflightRequest& request, bool slot_exists) {
  std::string why;
  if (!request.known_publication.empty() && request.known_publication != request.publication) {
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
  return Error(ErrorKind::source_not_ready,
               fmt::format("publication {} does not exist, but {}", request.publication, why),
               remedy("{} Name one with {}, or check the database; {} copies everything again.",
                      publications_there_are(catalog), RemedyOption::publication, RemedyAction::reset),
               {.publication = request.publication});
}

Error no_publication_on_standby(Connection& catalog, const PreflightRequest& request) {
  auto tables = find_publishable(catalog, request.schema, request.tables);
  std::erase_if(tables,
                [](const PublishableTable& table) { return !table.refusal.empty() || !table.identity.lack.empty(); });
  return {ErrorKind::source_not_ready,
          fmt::format("publication {} does not exist, and a standby cannot create it", request.publication),
          remedy("On the primary, as the tables' owner: {}",
                 ExecuteSql{create_publication_sql(catalog, request.publication, tables) + ";"}),
          {.publication = request.publication}};
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
  const bool goes = request.reset && !standby && is_own_publication(catalog, request.publication);
  const auto publication = goes ? std::nullopt : read_publication(catalog, request.publication);
  if (publication) return check_existing(catalog, request, *publication, found);
  if (const auto missing = missing_publication(catalog, request, slot_exists)) {
    return found.error("publication", *missing);
  }
  if (standby) return found.error("publication", no_publication_on_standby(catalog, request));
  check_creation(catalog, request, found);
  if (slot_exists) warn_of_older_slot(request, found);
}

}  // namespace walbrook::postgres
