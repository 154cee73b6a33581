#include "postgres/catalog/type_definitions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>

#include "model/source_type.h"

namespace walbrook::postgres {
namespace {

// Parts are deeper than what consists of them, so that the deepest come first.
constexpr auto definitions_query = R"(
WITH RECURSIVE needed(oid, depth) AS (
  SELECT t.oid, 0 FROM pg_catalog.pg_type t WHERE t.oid = ANY ($1::oid[])
  UNION
  SELECT part.oid, needed.depth + 1
  FROM needed JOIN pg_catalog.pg_type t ON t.oid = needed.oid CROSS JOIN LATERAL (
    SELECT t.typbasetype WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem WHERE t.typtype = 'b' AND t.typelem <> 0
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) AS part(oid)
  WHERE part.oid >= 16384 AND needed.depth < 64
)
SELECT CASE WHEN c.relkind <> 'c' THEN 'r' ELSE t.typtype END, n.nspname, t.typname, pg_catalog.format_type(t.oid, NULL),
  (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
    FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
  pg_catalog.format_type(NULLIF(t.typbasetype, 0), NULL),
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, NULL))
      ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
FROM (SELECT oid, max(depth) AS depth FROM needed GROUP BY oid) d
  JOIN pg_catalog.pg_type t ON t.oid = d.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE t.typtype IN ('e', 'd', 'c')
ORDER BY d.depth DESC, t.oid
)";

std::set<Oid> user_types_of(const std::vector<SourceTable>& tables) {
  std::set<Oid> types;
  for (const auto& table : tables) {
    for (const auto& column : table.columns) {
      if (column.type_oid >= first_user_oid) types.insert(column.type_oid);
    }
  }
  return types;
}

TypeDefinition definition_of(const Rows& rows, int row) {
  TypeDefinition type{.schema = rows.text(row, 1),
                      .name = rows.text(row, 2),
                      .full_name = rows.text(row, 3),
                      .labels = {},
                      .base = {},
                      .attributes = {}};
  switch (rows.text(row, 0).at(0)) {
    case 'd':
      type.kind = TypeDefinition::Kind::domain;
      type.base = rows.text(row, 5);
      break;
    case 'c':
      type.kind = TypeDefinition::Kind::composite;
      if (rows.is_null(row, 6)) break;  // it has no attributes
      for (const auto& attribute : nlohmann::json::parse(rows.json(row, 6))) {
        type.attributes.push_back({.name = attribute.at(0), .type = attribute.at(1)});
      }
      break;
    case 'r':
      type.kind = TypeDefinition::Kind::row;
      break;
    default:
      if (rows.is_null(row, 4)) break;
      type.labels = nlohmann::json::parse(rows.json(row, 4)).get<std::vector<std::string>>();
  }
  return type;
}

}  // namespace

std::vector<TypeDefinition> read_type_definitions(Connection& catalog, const std::vector<SourceTable>& tables) {
  std::vector<TypeDefinition> types;
  const auto wanted = user_types_of(tables);
  if (wanted.empty()) return types;
  const auto rows = catalog.query(definitions_query, {fmt::format("{{{}}}", fmt::join(wanted, ","))},
                                  "reading the definitions of types");
  for (int row = 0; row < rows.size(); ++row) types.push_back(definition_of(rows, row));
  return types;
}

}  // namespace walbrook::postgres
