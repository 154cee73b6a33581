#include "postgres/preflight/preflight_types.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>

#include "postgres/catalog/catalog_types.h"
#include "postgres/catalog/table_schema.h"

namespace walbrook::postgres {
namespace {

// Most tables have built-in types alone, and are not looked at one by one.
constexpr auto tables_query = R"(
SELECT DISTINCT attrelid FROM pg_catalog.pg_attribute
WHERE attrelid = ANY ($1::oid[]) AND attnum > 0 AND NOT attisdropped AND atttypid >= 16384
)";

constexpr auto extensions_query = R"(
SELECT t.typname, e.extname
FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid
    AND d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
  JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
)";

std::set<Oid> with_user_types(Connection& catalog, const std::vector<SourceTable>& tables) {
  const auto rows = catalog.query(tables_query, {oid_array(tables)}, "looking for columns with types of extensions");
  std::set<Oid> found;
  for (int row = 0; row < rows.size(); ++row) found.insert(rows.oid(row, 0));
  return found;
}

// Returns the extensions by the names of their types.
std::map<std::string, std::string> read_extensions(Connection& catalog) {
  const auto rows = catalog.query(extensions_query, {}, "reading the types of extensions");
  std::map<std::string, std::string> extensions;
  for (int row = 0; row < rows.size(); ++row) extensions.emplace(rows.text(row, 0), rows.text(row, 1));
  return extensions;
}

}  // namespace

void check_extension_types(Connection& catalog, const std::vector<SourceTable>& tables, const PreflightRequest& request,
                           Findings& found) {
  const auto& there = request.destination_types.value();
  const auto concerned = with_user_types(catalog, tables);
  if (concerned.empty()) return;
  const auto extensions = read_extensions(catalog);
  CatalogTypes types(request.conninfo);
  for (const auto& table : tables) {
    if (!concerned.contains(table.oid)) continue;
    std::map<std::string, std::vector<std::string>> columns;  // by the type that the destination lacks
    for (const auto& column : read_table_schema(catalog, table, types, there.values).columns) {
      const auto type = there.missing(column.type);
      if (extensions.contains(type)) columns[type].push_back(fmt::format("\"{}\"", column.name));
    }
    for (const auto& [type, names] : columns) {
      found.warning("table " + table.full_name(),
                    fmt::format("{} {} of type {} {} text in {}, which lacks the type's extension",
                                names.size() == 1 ? "column" : "columns", fmt::join(names, ", "), type,
                                names.size() == 1 ? "becomes" : "become", there.destination),
                    fmt::format("In the destination: CREATE EXTENSION {};", catalog.quote_name(extensions.at(type))));
    }
  }
}

}  // namespace walbrook::postgres
