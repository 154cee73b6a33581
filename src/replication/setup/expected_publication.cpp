#include "replication/setup/expected_publication.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/publication_list.h"
#include "postgres/publication/kept_publication.h"
#include "postgres/publication/keyless.h"
#include "postgres/publication/own_publication.h"
#include "postgres/publication/publication.h"
#include "replication/setup/column_overrides.h"

namespace walbrook::replication {
namespace {

postgres::Publication to_be_created(const RunOptions& options, postgres::Connection& catalog) {
  postgres::Publication made{.name = options.publication, .tables = {}};
  auto tables = postgres::find_publishable(catalog, options.schema, options.tables);
  const bool keyless = options.keyless == Keyless::inserts;
  std::erase_if(tables, [&made, keyless](const postgres::PublishableTable& table) {
    if (keyless) return !table.refusal.empty();
    if (table.refusal.empty() && !table.identity.lack.empty()) {
      made.left_out.push_back({.oid = table.oid,
                               .schema = table.name.schema,
                               .name = table.name.name,
                               .lack = table.identity.lack,
                               .remedy = table.identity.remedy});
    }
    return !table.refusal.empty() || !table.identity.lack.empty();
  });
  made.tables = postgres::as_published(tables);
  return made;
}

std::set<std::pair<std::string, std::string>> names_of(const std::vector<destination::OutputRecord>& records) {
  std::set<std::pair<std::string, std::string>> names;
  for (const auto& record : records) names.emplace(record.schema, record.name);
  return names;
}

}  // namespace

postgres::Publication expected_publication(const RunOptions& options, postgres::Connection& catalog, bool as_new) {
  const auto names = parse_publications(options.publication);
  if (as_new && names.size() == 1 && postgres::is_own_publication(catalog, names.front())) {
    return to_be_created(options, catalog);
  }
  const bool keyless = options.keyless == Keyless::inserts;
  auto list = names;
  if (const auto second = keyless ? postgres::find_keyless_publication(catalog, options.publication) : "";
      !second.empty()) {
    list.push_back(second);
  }
  auto found = postgres::read_publication(catalog, publication_list(list));
  if (!found) return to_be_created(options, catalog);
  for (const auto& own : postgres::find_own(catalog, *found, options.tables)) {
    for (auto& table : own->gap.left_out) {
      if (!keyless) {
        found->left_out.push_back(std::move(table));
      } else if (std::ranges::find(found->tables, table.oid, &postgres::SourceTable::oid) == found->tables.end()) {
        found->tables.push_back({.oid = table.oid, .schema = table.schema, .name = table.name});
      }
    }
    std::ranges::move(postgres::as_published(own->gap.joining), std::back_inserter(found->tables));
  }
  return *std::move(found);
}

void check_asked_columns(const RunOptions& options, const postgres::Publication& expected,
                         const std::vector<destination::OutputRecord>& records, postgres::Connection& catalog,
                         TypeCatalog& types, const destination::Destination& destination) {
  const ColumnSelection selection(options.include_columns,
                                  resolve_overrides(options.overrides, expected, catalog, types, destination, records,
                                                    PassedOver::is_silent));  // logged once, when they are applied
  // A table that was copied before is suspended instead, because its publication was altered since.
  const auto known = names_of(records);
  for (const auto& table : expected.tables) {
    if (!known.contains({table.schema, table.name})) selection.require_fit(expected, table);
  }
}

}  // namespace walbrook::replication
