#include "replication/setup/expected_publication.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "postgres/publication/kept_publication.h"
#include "postgres/publication/own_publication.h"
#include "postgres/publication/publication.h"
#include "replication/setup/column_overrides.h"

namespace walbrook::replication {
namespace {

postgres::Publication to_be_created(const RunOptions& options, postgres::Connection& catalog) {
  postgres::Publication made{.name = options.publication, .via_partition_root = true, .tables = {}};
  auto tables = postgres::find_publishable(catalog, options.schema, options.tables);
  std::erase_if(tables, [&made](const postgres::PublishableTable& table) {
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
  const auto mark = postgres::read_own_mark(catalog, options.publication);
  if (as_new && mark) return to_be_created(options, catalog);
  auto found = postgres::read_publication(catalog, options.publication);
  if (!found) return to_be_created(options, catalog);
  if (!mark) return *std::move(found);
  auto gap = postgres::find_gap(catalog, *found, *mark, options.tables);
  found->left_out = std::move(gap.left_out);
  std::ranges::move(postgres::as_published(gap.joining), std::back_inserter(found->tables));
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
