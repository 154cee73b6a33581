#include "postgres/catalog/catalog_types.h"

#include <nlohmann/json.hpp>

namespace walbrook::postgres {
namespace {

// Selects the requested type, and every domain and enum at once, because the next miss is most likely one of these.
// Also selects what each consists of, down to the types of pg_type.dat. A type with an element that is not the
// element's array type is printed differently from an array (int2vector, types of extensions). A type of an
// extension is recognized by the extension that owns it, whatever its schema.
constexpr auto types_query = R"(
WITH RECURSIVE needed(oid) AS (
  SELECT t.oid FROM pg_catalog.pg_type t WHERE t.oid = $1 OR (t.typtype IN ('d', 'e') AND t.oid >= 16384)
  UNION
  SELECT part.oid FROM needed JOIN pg_catalog.pg_type t ON t.oid = needed.oid CROSS JOIN LATERAL (
    SELECT t.typbasetype WHERE t.typtype = 'd'
    UNION ALL SELECT e.oid FROM pg_catalog.pg_type e WHERE t.typtype = 'b' AND e.oid = t.typelem AND e.typarray = t.oid
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) AS part(oid)
  WHERE part.oid >= 10000
)
SELECT t.oid, t.typtype, t.typdelim, pg_catalog.format_type(t.oid, NULL),
  CASE WHEN t.typtype = 'd' THEN t.typbasetype
       ELSE (SELECT e.oid FROM pg_catalog.pg_type e WHERE t.typtype = 'b' AND e.oid = t.typelem AND e.typarray = t.oid) END,
  t.typtypmod,
  (SELECT x.extname || '.' || t.typname
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
      AND d.refclassid = 'pg_catalog.pg_extension'::regclass),
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, a.atttypid::bigint, a.atttypmod) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
FROM needed JOIN pg_catalog.pg_type t ON t.oid = needed.oid
)";

// `name` is the extension's and the type's: "hstore.hstore".
SourceType::Kind kind_of_extension_type(std::string_view name) {
  if (name == "hstore.hstore") return SourceType::Kind::hstore;
  if (name == "vector.vector") return SourceType::Kind::vector;
  if (name == "vector.halfvec") return SourceType::Kind::halfvec;
  return SourceType::Kind::scalar;
}

}  // namespace

SourceType CatalogTypes::find(Oid oid) {
  if (oid < first_generated_oid) return built_in_type(oid);
  SourceType text{.oid = oid, .base_oid = oid};
  if (oid < first_user_oid) return text;  // for example information_schema's domains
  const std::lock_guard lock(mutex_);
  if (!known_.contains(oid)) look_up(oid);
  // The type may be gone. That is not kept, because its OID may be assigned again.
  int parts = 0;
  return known_.contains(oid) ? build(oid, 0, parts).value_or(text) : text;
}

void CatalogTypes::forget() {
  const std::lock_guard lock(mutex_);
  known_.clear();
  ++version_;
}

void CatalogTypes::look_up(Oid oid) {
  auto catalog = open_checked(endpoint_, ConnectionUse::catalog, server_);
  const auto rows = catalog.query(types_query, {std::to_string(oid)}, "looking up types");
  for (int row = 0; row < rows.size(); ++row) {
    Row type{
        .kind = rows.text(row, 1).at(0),
        .delimiter = rows.text(row, 2).at(0),
        .of_extension = rows.is_null(row, 6) ? SourceType::Kind::scalar : kind_of_extension_type(rows.text(row, 6)),
        .inner = rows.is_null(row, 4) ? 0 : rows.oid(row, 4),
        .inner_typmod = static_cast<std::int32_t>(rows.integer(row, 5)),
        .name = rows.text(row, 3),
        .attributes = {}};
    if (!rows.is_null(row, 7)) {
      for (const auto& attribute : nlohmann::json::parse(rows.json(row, 7))) {
        type.attributes.push_back({attribute.at(0), attribute.at(1), attribute.at(2)});
      }
    }
    known_.insert_or_assign(rows.oid(row, 0), std::move(type));
  }
}

std::optional<SourceType> CatalogTypes::build(Oid oid, int depth, int& parts) const {
  if (depth > max_type_depth || ++parts > max_type_parts) return std::nullopt;
  if (oid < first_generated_oid) return built_in_type(oid);
  SourceType type{.oid = oid, .base_oid = oid};
  const auto found = known_.find(oid);
  if (found == known_.end()) return type;
  const auto& row = found->second;
  if (row.kind == 'd') {
    // A domain over a domain has no typmod, so at most one on the way down is set.
    auto under = build(row.inner, depth + 1, parts);
    if (!under) return std::nullopt;
    type = *std::move(under);
    type.oid = oid;
    if (row.inner_typmod >= 0) type.base_typmod = row.inner_typmod;
  } else if (row.inner != 0) {
    auto element = build(row.inner, depth + 1, parts);
    if (!element) return std::nullopt;
    type.kind = SourceType::Kind::list;
    type.fields.push_back({.name = "", .type = *std::move(element)});
  } else if (!row.attributes.empty()) {
    type.kind = SourceType::Kind::composite;
    for (const auto& attribute : row.attributes) {
      auto inner = build(attribute.type, depth + 1, parts);
      if (!inner) return std::nullopt;
      type.fields.push_back({.name = attribute.name, .type = *std::move(inner), .typmod = attribute.typmod});
    }
  } else {
    type.kind = row.of_extension;
  }
  type.is_enum = type.is_enum || row.kind == 'e';
  type.delimiter = row.delimiter;
  type.name = row.name;
  return type;
}

}  // namespace walbrook::postgres
