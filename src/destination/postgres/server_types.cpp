#include "destination/postgres/server_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace walbrook::destination::postgresql {
namespace {

constexpr std::string_view array_suffix = "[]";
constexpr std::string_view other_array_suffix = "[:]";  // or another character that separates the elements
constexpr Oid pg_lsn = 3220;

// The oldest walbrook's and PostgreSQL's own types, and those of extensions. A range has the operator class of
// anyrange, varchar that of text, cidr that of inet. Of users' types, enums have that of anyenum, domains that of the
// type under them; composites are compared by their text.
constexpr const char* types_query = R"(
SELECT t.oid, n.nspname, t.typname, t.typarray,
  CASE WHEN t.oid < 10000 THEN 'b' WHEN t.typtype IN ('e', 'd', 'c') THEN 'u' ELSE 'x' END,
  EXISTS (SELECT FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
    WHERE m.amname = 'btree' AND c.opcdefault AND c.opcintype =
      CASE WHEN t.typtype = 'r' THEN 3831 WHEN t.typtype = 'm' THEN 4537 WHEN t.oid = 1043 THEN 25
           WHEN t.oid = 650 THEN 869 WHEN t.typtype = 'e' THEN 3500 WHEN t.typtype = 'd' THEN t.typbasetype
           ELSE t.oid END),
  pg_catalog.format_type(t.oid, NULL)
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typarray <> 0 AND (t.typtype IN ('b', 'r', 'm') AND (t.oid < 10000 OR EXISTS (
    SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid
      AND d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass))
  OR t.oid >= 16384 AND (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND EXISTS (
    SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')))
)";

// Returns the length of the suffix that makes `name` that of an array; 0: it has none.
std::size_t array_suffix_of(std::string_view name) {
  if (name.ends_with(array_suffix)) return array_suffix.size();
  const auto begin = name.size() - std::min(name.size(), other_array_suffix.size());
  return name.ends_with(']') && name[begin] == '[' ? other_array_suffix.size() : 0;
}

// xml is a type even of a server that was built without it, which refuses every value.
bool takes_xml(Session& session) {
  try {
    static_cast<void>(session.query("SELECT '<a/>'::pg_catalog.xml", {}, "asking for xml"));
    return true;
  } catch (const ServerError&) {
    return false;
  }
}

std::string modifier(const PhysicalType& type) {
  if (type.layout == Layout::decimal) return fmt::format("({},{})", type.precision, type.scale);
  return type.layout == Layout::uint64 && type.native.empty() ? "(20,0)" : "";
}

Oid metadata_oid(const TargetColumn& column) {
  switch (column.metadata) {
    case MetadataColumn::lsn:
      return column.name == "lsn" ? type_oid::int8 : pg_lsn;  // dlt's type for its column `lsn`
    case MetadataColumn::commit_time:
    case MetadataColumn::deletion:
      return type_oid::timestamptz;
    case MetadataColumn::load_id:
    case MetadataColumn::operation:  // this and the next two are for destinations where changes are appended
    case MetadataColumn::sequence:
    case MetadataColumn::unchanged:
    case MetadataColumn::none:
      break;
  }
  return type_oid::text;
}

}  // namespace

ServerTypes::ServerTypes(Session& session) {
  const auto rows = session.query(types_query, {}, "reading the types");
  for (int row = 0; row < rows.size(); ++row) {
    Known known{.type = {.oid = rows.oid(row, 0),
                         .sql = full_name(rows.text(row, 1), rows.text(row, 2)),
                         .has_equality = rows.boolean(row, 5)},
                .array = rows.oid(row, 3)};
    switch (rows.text(row, 4).at(0)) {
      case 'b':
        built_in_.emplace(known.type.oid, std::move(known));
        break;
      case 'u':
        of_users_.emplace(rows.text(row, 6), std::move(known));
        break;
      default:
        of_extensions_.emplace(rows.text(row, 2), std::move(known));
    }
  }
  if (!takes_xml(session)) built_in_.erase(type_oid::xml);
}

const ServerTypes::Known& ServerTypes::built_in(Oid oid) const {
  if (const auto found = built_in_.find(oid); found != built_in_.end()) return found->second;
  return built_in_.at(type_oid::text);
}

const ServerTypes::Known* ServerTypes::find(const std::string& name) const {
  Oid oid = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), oid);
  if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size()) return &built_in(oid);
  const auto user_type = of_users_.find(name);
  if (user_type != of_users_.end()) return &user_type->second;
  const auto found = of_extensions_.find(name);
  return found == of_extensions_.end() ? nullptr : &found->second;
}

ServerType ServerTypes::array_of(const Known& element) {
  return {.oid = element.array,
          .sql = element.type.sql + std::string(array_suffix),
          .has_equality = element.type.has_equality};
}

ServerType ServerTypes::native(const std::string& name) const {
  if (const auto suffix = array_suffix_of(name); suffix > 0) {
    const auto element = name.substr(0, name.size() - suffix);
    if (array_suffix_of(element) > 0) return built_in(type_oid::text).type;
    const auto* found = find(element);
    if (found == nullptr && suffix != array_suffix.size()) return built_in(type_oid::text).type;
    return array_of(found == nullptr ? built_in(type_oid::text) : *found);
  }
  const auto* found = find(name);
  return found == nullptr ? built_in(type_oid::text).type : found->type;
}

std::string ServerTypes::missing(const PhysicalType& type) const {
  auto name = type.native;
  while (const auto suffix = array_suffix_of(name)) name.resize(name.size() - suffix);
  const bool is_of_user = name.find('.') != std::string::npos;
  return name.empty() || is_of_user || find(name) != nullptr ? "" : name;
}

ServerType ServerTypes::of(const PhysicalType& type) const {
  if (!type.native.empty()) return native(type.native);
  if (type.layout == Layout::list) {
    const auto& element = type.children.front();
    const auto oid = type_of_layout(element.layout);
    if (oid == 0) return built_in(type_oid::text).type;
    auto array = array_of(built_in(oid));
    array.sql = built_in(oid).type.sql + modifier(element) + std::string(array_suffix);
    return array;
  }
  const auto oid = type_of_layout(type.layout);
  if (oid == 0) return built_in(type_oid::text).type;
  auto scalar = built_in(oid).type;
  scalar.sql += modifier(type);
  return scalar;
}

std::optional<ServerType> ServerTypes::of(const TargetColumn& column, const TableSchema& columns) const {
  if (column.metadata != MetadataColumn::none) return built_in(metadata_oid(column)).type;
  if (column.is_overflow) return built_in(type_oid::text).type;
  const auto* source = columns.find(column.source);
  return source == nullptr ? std::nullopt : std::optional(of(source->type));
}

std::string create_sql(const ServerTypes& types, const Target& target, const TableSchema& columns) {
  std::string sql = "CREATE TABLE " + full_name(target.schema, target.table) + " (";
  const char* separator = "";
  for (const auto& column : target.columns) {
    const auto type = types.of(column, columns);
    if (!type) continue;
    sql += separator + identifier(column.name) + " " + type->sql;
    separator = ", ";
  }
  return sql + ")";
}

std::string type_label(const PhysicalType& type) {
  if (!type.native.empty()) return "type " + type.native;
  switch (type.layout) {
    case Layout::boolean:
      return "boolean";
    case Layout::int16:
      return "smallint";
    case Layout::int32:
      return "integer";
    case Layout::int64:
    case Layout::uint32:
      return "bigint";
    case Layout::uint64:
      return "numeric(20,0)";
    case Layout::float32:
      return "real";
    case Layout::float64:
      return "double precision";
    case Layout::decimal:
      return fmt::format("numeric({},{})", type.precision, type.scale);
    case Layout::json:
      return "json";
    case Layout::binary:
      return "bytea";
    case Layout::uuid:
      return "uuid";
    case Layout::date:
      return "date";
    case Layout::time:
      return "time without time zone";
    case Layout::time_tz:
      return "time with time zone";
    case Layout::timestamp:
      return "timestamp without time zone";
    case Layout::timestamp_tz:
      return "timestamp with time zone";
    case Layout::interval:
      return "interval";
    case Layout::bit:
      return "bit varying";
    case Layout::list:
      return is_nested(type.children.front().layout) ? "text" : type_label(type.children.front()) + "[]";
    case Layout::utf8:
    case Layout::structure:
    case Layout::map:
      return "text";
  }
  return "text";
}

}  // namespace walbrook::destination::postgresql
