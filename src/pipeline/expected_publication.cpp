#include "pipeline/expected_publication.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pipeline/column_hints.h"
#include "source/kept_publication.h"
#include "source/own_publication.h"
#include "source/publishing.h"

namespace walbrook::pipeline {
namespace {

source::Publication to_be_created(const RunOptions& options, source::Connection& catalog) {
  source::Publication made{.name = options.publication, .via_partition_root = true, .tables = {}};
  auto tables = source::find_publishable(catalog, options.schema, options.tables);
  std::erase_if(tables, [&made](const source::PublishableTable& table) {
    if (table.refusal.empty() && !table.identity.lack.empty()) {
      made.left_out.push_back({.oid = table.oid,
                               .schema = table.name.schema,
                               .name = table.name.name,
                               .lack = table.identity.lack,
                               .remedy = table.identity.remedy});
    }
    return !table.refusal.empty() || !table.identity.lack.empty();
  });
  made.tables = source::as_published(tables);
  return made;
}

bool is_known(const std::vector<destination::TableRecord>& records, const source::SourceTable& table) {
  return std::ranges::any_of(records, [&table](const destination::TableRecord& record) {
    return record.schema == table.schema && record.name == table.name;
  });
}

}  // namespace

source::Publication expected_publication(const RunOptions& options, source::Connection& catalog, bool as_new) {
  const auto mark = source::read_own_mark(catalog, options.publication);
  if (as_new && mark) return to_be_created(options, catalog);
  auto found = source::read_publication(catalog, options.publication);
  if (!found) return to_be_created(options, catalog);
  if (!mark) return *std::move(found);
  auto gap = source::find_gap(catalog, *found, *mark, options.tables);
  found->left_out = std::move(gap.left_out);
  std::ranges::move(source::as_published(gap.joining), std::back_inserter(found->tables));
  return *std::move(found);
}

void check_asked_columns(const RunOptions& options, const source::Publication& expected,
                         const std::vector<destination::TableRecord>& records, source::Connection& catalog,
                         TypeCatalog& types, const destination::Destination& destination) {
  const ColumnSelection selection(options.include_columns,
                                  wishes_of(options.hints, expected, catalog, types, destination, records));
  // A table that was copied before is suspended in place of it: its publication was altered since.
  for (const auto& table : expected.tables) {
    if (!is_known(records, table)) selection.require_fit(expected, table);
  }
}

}  // namespace walbrook::pipeline
