#include "postgres/publication/publication_age.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/publication_list.h"
#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {
namespace {

constexpr int first_version_that_passes_over_them = 180000;
constexpr const char* bounded_peek = "SELECT pg_catalog.set_config('statement_timeout', '20s', true); ";

// Returns whether the slot's first change cannot be decoded with the publication.
bool is_younger(Connection& catalog, const std::string& name, const std::string& slot) {
  try {
    catalog.execute(
        fmt::format("{}SELECT count(*) FROM pg_catalog.pg_logical_slot_peek_binary_changes({}, NULL, 1, "
                    "'proto_version', '1', 'publication_names', {})",
                    bounded_peek, catalog.quote_literal(slot), catalog.quote_literal(catalog.quote_name(name))),
        "peeking at slot " + slot);
    return false;
  } catch (const Stopped&) {
    throw;
  } catch (const Error& failed) {
    if (failed.kind() == ErrorKind::connection) throw;
    constexpr std::string_view undefined_object = "42704";
    if (failed.facts().sqlstate == undefined_object) return true;
    spdlog::debug("{}", failed.cause());
    return false;
  }
}

}  // namespace

// age() compares xids, which wrap around, as the server does. FREEZE does not change the displayed xmin.
bool publication_altered_since(Connection& catalog, const std::string& list, std::uint32_t xid) {
  constexpr int schemas_since = 150000;  // FOR TABLES IN SCHEMA
  std::string sql = R"(
WITH p AS (SELECT oid, xmin FROM pg_catalog.pg_publication WHERE pubname = ANY ($1::pg_catalog.name[])),
parts AS (
  SELECT xmin FROM p
  UNION ALL
  SELECT r.xmin FROM pg_catalog.pg_publication_rel r JOIN p ON p.oid = r.prpubid)";
  if (catalog.server_version() >= schemas_since) {
    sql += R"(
  UNION ALL
  SELECT n.xmin FROM pg_catalog.pg_publication_namespace n JOIN p ON p.oid = n.pnpubid)";
  }
  sql += R"(
)
SELECT coalesce(min(pg_catalog.age(xmin)) < pg_catalog.age($2::xid), true)
  OR (SELECT count(*) FROM p) < pg_catalog.cardinality($1::pg_catalog.name[]) FROM parts)";
  const auto names = parse_publications(list);
  return catalog
      .query(sql, {name_array(names), std::to_string(xid)},
             fmt::format("looking up when {} was altered", named_publications(names)))
      .boolean(0, 0);
}

std::vector<std::string> publications_younger_than_slot(Connection& catalog, const std::vector<std::string>& names,
                                                        const std::string& slot) {
  std::vector<std::string> younger;
  if (names.empty() || catalog.server_version() >= first_version_that_passes_over_them) return younger;
  const auto rows = catalog.query(
      "SELECT p.pubname FROM pg_catalog.pg_publication p, pg_catalog.pg_replication_slots s WHERE s.slot_name = $2 AND "
      "p.pubname = ANY ($1::pg_catalog.name[]) AND pg_catalog.age(p.xmin) <= pg_catalog.age(s.catalog_xmin) "
      "ORDER BY p.pubname",
      {name_array(names), slot}, "comparing publications with slot " + slot);
  for (int row = 0; row < rows.size(); ++row) {
    if (is_younger(catalog, rows.text(row, 0), slot)) younger.push_back(rows.text(row, 0));
  }
  return younger;
}

}  // namespace walbrook::postgres
