#include "postgres/publication/keyless.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/publication_list.h"
#include "postgres/publication/own_publication.h"

namespace walbrook::postgres {
namespace {

constexpr std::size_t longest_name = 63;  // NAMEDATALEN - 1
constexpr std::string_view keyless_suffix = "_keyless";

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string keyless_name(const std::string& name) {
  auto kept = std::min(name.size(), longest_name - keyless_suffix.size());
  while (kept > 0 && kept < name.size() && continues_character(name[kept])) --kept;
  return name.substr(0, kept).append(keyless_suffix);
}

std::string find_keyless_publication(Connection& catalog, const std::string& list) {
  const auto names = parse_publications(list);
  for (const auto& name : names) {
    auto second = keyless_name(name);
    if (std::ranges::find(names, second) != names.end()) continue;
    const auto mark = read_own_mark(catalog, second);
    if (mark && mark->keyless) return second;
  }
  return {};
}

void create_keyless_publication(Connection& catalog, const std::string& name) {
  const auto second = keyless_name(name);
  if (missing_publications(catalog, {second}).empty()) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("publication {} exists, and walbrook did not create it for tables without replica identity",
                            second),
                "Drop or rename it, or leave tables without replica identity out.", {.publication = second});
  }
  change_publication(catalog, second, create_publication_sql(catalog, second, {}, "insert, truncate"),
                     mark_sql(catalog, second, {.keyless = true}));
}

void drop_keyless_publication(Connection& catalog, const std::string& list) {
  for (const auto& name : parse_publications(list)) {
    const auto second = keyless_name(name);
    const auto mark = read_own_mark(catalog, second);
    if (mark && mark->keyless) drop_own_publication(catalog, second);
  }
}

KeylessTables find_keyless_tables(Connection& catalog, const std::string& name) {
  KeylessTables found;
  auto now = read_publication(catalog, publication_list({name}));
  if (!now) return found;
  // As if the first publication held them.
  for (auto& table : now->tables) table.operations = {};
  read_row_identities(catalog, now->tables);
  for (auto& table : now->tables) {
    (table.row_identity.lack.empty() ? found.leaving : found.staying).push_back(std::move(table));
  }
  return found;
}

std::string partial_text(const TableIdentity& identity) {
  return fmt::format("INSERT and TRUNCATE only, updates and deletes are not followed: {}",
                     identity.lack.empty() ? "it has a replica identity now, and was not moved to the first publication"
                                           : identity.lack);
}

PublishableTable as_publishable(const SourceTable& table) {
  return {.name = {table.schema, table.name, table.published_columns},
          .oid = table.oid,
          .partitioned = table.partitioned,
          .may_publish = true,
          .owner = {},
          .refusal = {},
          .refusal_remedy = {},
          .identity = table.row_identity};
}

}  // namespace walbrook::postgres
