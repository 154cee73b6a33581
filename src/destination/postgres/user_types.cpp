#include "destination/postgres/user_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

namespace walbrook::destination::postgresql {
namespace {

constexpr std::string_view own_comment = "a copy of the source's type, made by walbrook";

constexpr const char* type_query = R"(
SELECT t.typtype, pg_catalog.format_type(NULLIF(t.typbasetype, 0), NULL),
  (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
    FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, NULL))
      ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
  COALESCE(pg_catalog.obj_description(t.oid, 'pg_type') = $3, false)
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = $1 AND t.typname = $2
)";

struct Found {
  TypeDefinition type;
  bool is_own = false;
};

// The database's type of a name; nullopt: there is none.
struct Existing {
  std::optional<Found> found;
  bool other_kind = false;  // it is no type of the kind that was sought
};
using ExistingTypes = std::map<std::string, Existing>;  // by their full names

char letter_of(TypeDefinition::Kind kind) {
  switch (kind) {
    case TypeDefinition::Kind::enumeration:
      return 'e';
    case TypeDefinition::Kind::domain:
      return 'd';
    case TypeDefinition::Kind::composite:
    case TypeDefinition::Kind::row:
      break;
  }
  return 'c';
}

Existing find_type(Session& session, const TypeDefinition& wanted) {
  const auto rows = session.query(type_query, {wanted.schema, wanted.name, std::string(own_comment)},
                                  "looking for type " + wanted.full_name);
  if (rows.size() == 0) return {};
  Found found{.type = wanted, .is_own = rows.boolean(0, 4)};
  found.type.labels.clear();
  found.type.attributes.clear();
  if (!rows.is_null(0, 1)) found.type.base = rows.text(0, 1);
  if (!rows.is_null(0, 2)) {
    found.type.labels = nlohmann::json::parse(rows.json(0, 2)).get<std::vector<std::string>>();
  }
  if (!rows.is_null(0, 3)) {
    for (const auto& attribute : nlohmann::json::parse(rows.json(0, 3))) {
      found.type.attributes.push_back({.name = attribute.at(0), .type = attribute.at(1)});
    }
  }
  return {.found = std::move(found), .other_kind = rows.text(0, 0).at(0) != letter_of(wanted.kind)};
}

std::string create_sql(const TypeDefinition& type) {
  const auto name = full_name(type.schema, type.name);
  std::string parts;
  const auto add = [&parts](const std::string& part) { parts += (parts.empty() ? "" : ", ") + part; };
  switch (type.kind) {
    case TypeDefinition::Kind::domain:
      return fmt::format("CREATE DOMAIN {} AS {}", name, type.base);
    case TypeDefinition::Kind::enumeration:
      for (const auto& label : type.labels) add(literal(label));
      return fmt::format("CREATE TYPE {} AS ENUM ({})", name, parts);
    case TypeDefinition::Kind::composite:
      for (const auto& attribute : type.attributes) add(identifier(attribute.name) + " " + attribute.type);
      break;
    case TypeDefinition::Kind::row:
      break;
  }
  return fmt::format("CREATE TYPE {} AS ({})", name, parts);
}

std::string comment_sql(const TypeDefinition& type) {
  return fmt::format("COMMENT ON {} {} IS {}", type.kind == TypeDefinition::Kind::domain ? "DOMAIN" : "TYPE",
                     full_name(type.schema, type.name), literal(own_comment));
}

void create(Session& session, const TypeDefinition& type) {
  create_schema(session, type.schema);
  session.execute(fmt::format("BEGIN; {}; {}; COMMIT", create_sql(type), comment_sql(type)),
                  "creating type " + type.full_name);
}

// Each label gets the place that it has in the source. A label that the source no longer has stays.
void add_labels(Session& session, const TypeDefinition& type, const TypeDefinition& there) {
  for (std::size_t i = 0; i < type.labels.size(); ++i) {
    if (std::ranges::count(there.labels, type.labels[i]) > 0) continue;
    const auto place = i > 0                  ? " AFTER " + literal(type.labels[i - 1])
                       : there.labels.empty() ? ""
                                              : " BEFORE " + literal(there.labels.front());
    session.execute(fmt::format("ALTER TYPE {} ADD VALUE IF NOT EXISTS {}{}", full_name(type.schema, type.name),
                                literal(type.labels[i]), place),
                    "adding a label to type " + type.full_name);
  }
}

bool differ(const TypeDefinition& a, const TypeDefinition& b) {
  return a.base != b.base || a.attributes != b.attributes;
}

// Returns a type in `names` that `type` consists of; "": there is none.
template <class Names>
std::string part_in(const Names& names, const TypeDefinition& type) {
  const auto is_in = [&names](std::string part) {
    while (part.ends_with("[]")) part.resize(part.size() - 2);
    return names.contains(part) ? part : "";
  };
  auto found = is_in(type.base);
  for (const auto& attribute : type.attributes) {
    if (found.empty()) found = is_in(attribute.type);
  }
  return found;
}

// Returns walbrook's own types that differ from the source's, and those that consist of one.
std::set<std::string> find_altered(const ExistingTypes& existing, std::span<const TypeDefinition> types) {
  std::set<std::string> altered;
  for (const auto& type : types) {
    if (type.kind == TypeDefinition::Kind::enumeration) continue;
    const auto& [found, other_kind] = existing.at(type.full_name);
    if (!found || other_kind || !found->is_own) continue;
    if (differ(found->type, type) || !part_in(altered, type).empty()) altered.insert(type.full_name);
  }
  return altered;
}

// Drops the types, so that they can be made again. What consists of others goes first.
void drop(Session& session, std::span<const TypeDefinition> types, const std::set<std::string>& names) {
  std::string sql = "BEGIN";
  for (auto type = types.rbegin(); type != types.rend(); ++type) {
    if (!names.contains(type->full_name)) continue;
    sql += fmt::format("; DROP {} {}", type->kind == TypeDefinition::Kind::domain ? "DOMAIN" : "TYPE",
                       full_name(type->schema, type->name));
  }
  session.execute(sql + "; COMMIT", "dropping types that the source has altered");
}

// Returns why columns cannot have the type; "": they can.
std::string make(Session& session, const TypeDefinition& type, const Existing& existing) {
  if (type.kind == TypeDefinition::Kind::row) return "it is the type of a table's rows";
  const auto& [found, other_kind] = existing;
  if (!found) {
    create(session, type);
    return {};
  }
  if (other_kind) return "a type of another kind has that name";
  if (type.kind != TypeDefinition::Kind::enumeration) {
    return differ(found->type, type) ? "the type of that name differs from the source's" : "";
  }
  add_labels(session, type, found->type);
  return {};
}

// Returns the failure of `work`; "": there was none.
template <class Work>
std::string failure_of(Session& session, const Work& work) {
  try {
    return work();
  } catch (const ServerError& refused) {
    session.rollback();
    return refused.cause();
  }
}

}  // namespace

UnfitTypes make_user_types(Session& session, std::span<const TypeDefinition> types) {
  UnfitTypes unfit;
  ExistingTypes existing;
  for (const auto& type : types) existing.emplace(type.full_name, find_type(session, type));
  const auto altered = find_altered(existing, types);
  if (!altered.empty()) {
    const auto reason = failure_of(session, [&] {
      drop(session, types, altered);
      return std::string();
    });
    for (const auto& name : altered) {
      if (reason.empty()) existing[name] = {};  // they were dropped
      if (!reason.empty()) unfit.emplace(name, reason);
    }
  }
  for (const auto& type : types) {
    if (unfit.contains(type.full_name)) continue;
    const auto part = part_in(unfit, type);
    const auto reason = part.empty()
                            ? failure_of(session, [&] { return make(session, type, existing.at(type.full_name)); })
                            : fmt::format("it consists of {}, whose values are text", part);
    if (!reason.empty()) unfit.emplace(type.full_name, reason);
  }
  return unfit;
}

}  // namespace walbrook::destination::postgresql
