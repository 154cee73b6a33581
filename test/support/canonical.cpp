#include "test/support/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "test/support/sql.h"

namespace walbrook::test {
namespace {

// {} is the column. If both sides print a value in the same way, that text is the canonical one.
struct Pair {
  std::uint32_t oid;
  const char* duck_type;
  const char* postgres;
  const char* duckdb;
};

constexpr const char* printed = "CASE WHEN num_nulls({0}) = 0 THEN concat({0}) END";
constexpr const char* cast = "{0}::varchar";
// The bits distinguish -0 from 0. NaN has one form.
constexpr const char* pg_float4 =
    "CASE WHEN {0} = 'NaN' THEN 'NaN' ELSE ('x' || encode(float4send({0}), 'hex'))::bit(32)::text END";
constexpr const char* pg_float8 =
    "CASE WHEN {0} = 'NaN' THEN 'NaN' ELSE ('x' || encode(float8send({0}), 'hex'))::bit(64)::text END";
constexpr const char* duck_float = "CASE WHEN isnan({0}) THEN 'NaN' ELSE {0}::BIT::VARCHAR END";
// Without trailing zeros after the point. DuckDB prints DECIMAL(3,3) without the zero before the point.
constexpr const char* duck_numeric =
    "CASE WHEN contains({0}::VARCHAR, '.') THEN rtrim(rtrim(regexp_replace({0}::VARCHAR, '^(-?)\\.', '\\10.'), '0'), "
    "'.') "
    "ELSE {0}::VARCHAR END";
// DuckDB prints "0044-03-15 (BC) 10:00:00", PostgreSQL "0044-03-15 10:00:00 BC".
constexpr const char* duck_date =
    "CASE WHEN contains({0}::VARCHAR, '(BC)') THEN replace({0}::VARCHAR, ' (BC)', '') || ' BC' ELSE {0}::VARCHAR END";
constexpr const char* duck_timestamptz =
    "CASE WHEN contains(({0} AT TIME ZONE 'UTC')::VARCHAR, '(BC)') "
    "THEN replace(({0} AT TIME ZONE 'UTC')::VARCHAR, ' (BC)', '') || ' BC' ELSE ({0} AT TIME ZONE 'UTC')::VARCHAR END";
constexpr const char* pg_timetz = "{0}::time::text || ' offset ' || extract(timezone FROM {0})::int::text";
constexpr const char* duck_timetz = "{0}::TIME::VARCHAR || ' offset ' || datepart('timezone', {0})::INT::VARCHAR";
// An infinite one goes to the overflow column, and has no parts.
constexpr const char* pg_interval =
    "CASE WHEN isfinite({0}) THEN "
    "(extract(year FROM {0}) * 12 + extract(month FROM {0}))::bigint::text || ' months ' || "
    "extract(day FROM {0})::bigint::text || ' days ' || (extract(hour FROM {0}) * 3600000000 + "
    "extract(minute FROM {0}) * 60000000 + extract(microsecond FROM {0}))::bigint::text || ' us' ELSE {0}::text END";
constexpr const char* duck_interval =
    "(datepart('year', {0}) * 12 + datepart('month', {0}))::VARCHAR || ' months ' || "
    "datepart('day', {0})::VARCHAR || ' days ' || (datepart('hour', {0}) * 3600000000 + "
    "datepart('minute', {0}) * 60000000 + datepart('microsecond', {0}))::VARCHAR || ' us'";

// OIDs of pg_type.dat.
constexpr std::uint32_t numeric_oid = 1700;
constexpr Pair pairs[] = {
    {16, "BOOLEAN", "{0}::text", cast},
    {21, "SMALLINT", "{0}::text", cast},
    {23, "INTEGER", "{0}::text", cast},
    {20, "BIGINT", "{0}::text", cast},
    {26, "UINTEGER", "{0}::text", cast},
    {5069, "UBIGINT", "{0}::text", cast},
    {700, "FLOAT", pg_float4, duck_float},
    {701, "DOUBLE", pg_float8, duck_float},
    {numeric_oid, "", "trim_scale({0})::text", duck_numeric},
    {17, "BLOB", "encode({0}, 'hex')", "lower(hex({0}))"},
    {2950, "UUID", "{0}::text", cast},
    {1082, "DATE", "{0}::text", duck_date},
    {1083, "TIME", "{0}::text", cast},
    {1266, "TIME WITH TIME ZONE", pg_timetz, duck_timetz},
    {1114, "TIMESTAMP", "{0}::text", duck_date},
    {1184, "TIMESTAMP WITH TIME ZONE", "({0} AT TIME ZONE 'UTC')::text", duck_timestamptz},
    {1186, "INTERVAL", pg_interval, duck_interval},
    {1560, "BIT", "{0}::text", cast},
    {1562, "BIT", "{0}::text", cast},
    {114, "JSON", "{0}::text", cast},
    {3802, "JSON", "{0}::text", cast},
};
constexpr Pair everything_else = {0, "VARCHAR", printed, cast};

const Pair& pair_of(const BaseType& type) {
  const auto* found = std::ranges::find(pairs, type.oid, &Pair::oid);
  return found == std::end(pairs) ? everything_else : *found;
}

std::string with_column(const char* expression, const std::string& column) {
  return fmt::format(fmt::runtime(expression), column);
}

// numeric's typmod holds precision and scale; since version 15 the scale is a signed number of 11 bits.
std::string duck_decimal(std::int32_t typmod) {
  const std::int32_t precision = typmod < 4 ? 0 : ((typmod - 4) >> 16) & 0xFFFF;
  const std::int32_t scale = typmod < 4 ? 0 : (((typmod - 4) & 0x7FF) ^ 1024) - 1024;
  const bool fits = precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision;
  return fits ? fmt::format("DECIMAL({},{})", precision, scale) : "DECIMAL(38,9)";
}

// A part of a nested value, quoted so that parts and their ends are unambiguous. NULL is bare.
std::string part(const std::string& canonical) {
  return "coalesce('\"' || replace(replace(" + canonical + R"(, '\', '\\'), '"', '\"') || '"', 'N'))";
}

std::string variable(const char* kind, int depth) {
  return kind + std::to_string(depth);
}

const BaseType number_of_vector{.oid = 700};

std::string postgres_text(const BaseType& type, const std::string& value, int depth);
std::string duckdb_text(const BaseType& type, const std::string& value, int depth);

// Begins with the dimensions. Elements are unnested in the SELECT list: in FROM, composites would become columns.
std::string postgres_array(const BaseType& element, const std::string& value, int depth) {
  const auto e = variable("e", depth);
  return fmt::format(
      "coalesce(array_dims({0}), '') || (SELECT '[' || coalesce(string_agg({1}, ',' ORDER BY {3}), '') || ']' FROM "
      "(SELECT {2}, row_number() OVER () AS {3} FROM (SELECT unnest({0}) AS {2}) AS unnested) AS numbered)",
      value, part(postgres_text(element, e, depth + 1)), e, variable("o", depth));
}
std::string duckdb_list(const BaseType& element, const std::string& value, int depth) {
  const auto e = variable("e", depth);
  return fmt::format(
      "CASE WHEN len({0}) = 0 THEN '' ELSE '[1:' || len({0}) || ']' END || '[' || "
      "array_to_string(list_transform({0}, lambda {2}: {1}), ',') || ']'",
      value, part(duckdb_text(element, e, depth + 1)), e);
}

// Sorted by the bytes of the keys.
std::string postgres_hstore(const BaseType& type, const std::string& value) {
  return fmt::format(
      "'<' || coalesce((SELECT string_agg({} || '=' || {}, ',' ORDER BY k COLLATE \"C\") FROM \"{}\".each({}) AS kv(k, "
      "v)), '') "
      "|| '>'",
      part("k"), part("v"), type.schema, value);
}
std::string duckdb_map(const std::string& value, int depth) {
  const auto e = variable("e", depth);
  return fmt::format(
      "'<' || array_to_string(list_transform(list_sort(map_entries({})), lambda {}: {} || '=' || {}), ',') || '>'",
      value, e, part("struct_extract(" + e + ", 'key')"), part("struct_extract(" + e + ", 'value')"));
}

// NULL differs from the composite of NULLs, for which IS NULL is true in PostgreSQL.
std::string postgres_text(const BaseType& type, const std::string& value, int depth) {
  std::string parts;
  switch (type.kind) {
    case BaseType::Kind::scalar:
      return with_column(pair_of(type).postgres, value);
    case BaseType::Kind::array:
      parts = postgres_array(type.fields.front().type, value, depth);
      break;
    case BaseType::Kind::hstore:
      parts = postgres_hstore(type, value);
      break;
    case BaseType::Kind::vector:
      parts = postgres_array(number_of_vector, "(" + value + ")::real[]", depth);
      break;
    case BaseType::Kind::composite:
      for (const auto& field : type.fields) {
        parts += (parts.empty() ? "'(' || " : " || ',' || ") +
                 part(postgres_text(field.type, fmt::format("({}).{}", value, quote_name(field.name)), depth));
      }
      parts += " || ')'";
  }
  return fmt::format("CASE WHEN num_nulls({}) = 0 THEN {} END", value, parts);
}

std::string duckdb_text(const BaseType& type, const std::string& value, int depth) {
  std::string parts;
  switch (type.kind) {
    case BaseType::Kind::scalar:
      return with_column(pair_of(type).duckdb, value);
    case BaseType::Kind::array:
      parts = duckdb_list(type.fields.front().type, value, depth);
      break;
    case BaseType::Kind::hstore:
      parts = duckdb_map(value, depth);
      break;
    case BaseType::Kind::vector:
      parts = duckdb_list(number_of_vector, value, depth);
      break;
    case BaseType::Kind::composite:
      for (std::size_t i = 0; i < type.fields.size(); ++i) {
        parts += (i == 0 ? "'(' || " : " || ',' || ") +
                 part(duckdb_text(type.fields[i].type, fmt::format("struct_extract_at({}, {})", value, i + 1), depth));
      }
      parts += " || ')'";
  }
  return fmt::format("CASE WHEN {} IS NOT NULL THEN {} END", value, parts);
}

}  // namespace

std::string expected_duck_type(const BaseType& type) {
  std::string fields;
  switch (type.kind) {
    case BaseType::Kind::scalar:
      return type.oid == numeric_oid ? duck_decimal(type.typmod) : pair_of(type).duck_type;
    case BaseType::Kind::array:
      return expected_duck_type(type.fields.front().type) + "[]";
    case BaseType::Kind::hstore:
      return "MAP(VARCHAR, VARCHAR)";
    case BaseType::Kind::vector:
      return "FLOAT[]";
    case BaseType::Kind::composite:
      for (const auto& field : type.fields) {
        fields += (fields.empty() ? "" : ", ") + quote_name(field.name) + " " + expected_duck_type(field.type);
      }
  }
  return "STRUCT(" + fields + ")";
}

std::string canonical_in_postgres(const BaseType& type, const std::string& column) {
  return postgres_text(type, column, 0);
}

std::string canonical_in_duckdb(const BaseType& type, const std::string& column) {
  return duckdb_text(type, column, 0);
}

std::string printed_in_postgres(const std::string& column) {
  return with_column(printed, column);
}

}  // namespace walbrook::test
