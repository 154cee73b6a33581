#include "api/published_tables.h"

#include <fmt/format.h>

#include "api/source_access.h"
#include "postgres/catalog/table_name.h"
#include "postgres/catalog/table_schema.h"

namespace walbrook::api {
namespace {

[[noreturn]] void refuse_source(const std::string& why) {
  throw Error(ErrorKind::source_not_ready, why, "init_replication creates publication and slot.");
}

}  // namespace

PublishedTables::PublishedTables(const std::string& conninfo, const std::string& slot, const std::string& publication,
                                 replication::Keyless keyless)
    : catalog_(postgres::Connection::open(conninfo, postgres::ConnectionUse::catalog)), types_(conninfo) {
  auto found = postgres::read_publication(catalog_, publication);
  if (!found) refuse_source(fmt::format("publication {} does not exist in {}", publication, catalog_.where()));
  publication_ = *std::move(found);
  if (!postgres::read_slot(catalog_, slot)) {
    refuse_source(fmt::format("slot {} does not exist at {}", slot, catalog_.where()));
  }
  if (keyless != replication::Keyless::inserts) return;
  if (auto both = postgres::read_publication(catalog_, with_keyless(catalog_, publication, slot))) {
    publication_ = *std::move(both);
  }
}

std::vector<postgres::TableName> PublishedTables::named(const std::vector<postgres::TableName>& names,
                                                        const std::string& setting) const {
  std::vector<postgres::TableName> found;
  for (const auto& name : names) {
    const auto& table = find_published(publication_, name, setting);
    found.push_back({table.schema, table.name, name.columns});
  }
  return found;
}

void PublishedTables::check(const std::vector<postgres::TableName>& included,
                            const destination::Destination& destination) {
  for (const auto& name : included) {
    check_included(schema_of(find_published(publication_, name, "include_columns"), destination), name.columns);
  }
}

std::vector<replication::TableOverrides> PublishedTables::with_schemas(
    const std::vector<replication::TableOverrides>& overrides) const {
  auto out = overrides;
  for (auto& each : out) {
    const auto& table = find_published(publication_, {each.schema, each.name, {}}, "columns");
    each.schema = table.schema;
    each.name = table.name;
  }
  return out;
}

std::vector<replication::ResolvedTableOverrides> PublishedTables::resolve(
    const std::vector<replication::TableOverrides>& overrides, const destination::Destination& destination) {
  return replication::resolve_overrides(with_schemas(overrides), publication_, catalog_, types_, destination);
}

TableSchema PublishedTables::schema_of(const postgres::SourceTable& table,
                                       const destination::Destination& destination) {
  return postgres::read_table_schema(catalog_, table, types_, destination.capabilities().values);
}

}  // namespace walbrook::api
