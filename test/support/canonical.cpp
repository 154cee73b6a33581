#include "test/support/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace walbrook::test {
namespace {

// {} is the column. Where a side prints its values as the other does, its own text is the canonical one.
struct Pair {
  std::uint32_t oid;
  const char* duck_type;
  const char* postgres;
  const char* duckdb;
};

constexpr const char* printed = "CASE WHEN num_nulls({0}) = 0 THEN concat({0}) END";
constexpr const char* cast = "{0}::varchar";
// The bits tell -0 from 0; NaN has one form.
constexpr const char* pg_float4 =
    "CASE WHEN {0} = 'NaN' THEN 'NaN' ELSE ('x' || encode(float4send({0}), 'hex'))::bit(32)::text END";
constexpr const char* pg_float8 =
    "CASE WHEN {0} = 'NaN' THEN 'NaN' ELSE ('x' || encode(float8send({0}), 'hex'))::bit(64)::text END";
constexpr const char* duck_float = "CASE WHEN isnan({0}) THEN 'NaN' ELSE {0}::BIT::VARCHAR END";
// Without the zeros behind the point; DuckDB prints DECIMAL(3,3) without the zero before it.
constexpr const char* duck_numeric =
    "CASE WHEN contains({0}::VARCHAR, '.') THEN rtrim(rtrim(regexp_replace({0}::VARCHAR, '^(-?)\\.', '\\10.'), '0'), "
    "'.') "
    "ELSE {0}::VARCHAR END";
// DuckDB says "0044-03-15 (BC) 10:00:00", PostgreSQL "0044-03-15 10:00:00 BC".
constexpr const char* duck_date =
    "CASE WHEN contains({0}::VARCHAR, '(BC)') THEN replace({0}::VARCHAR, ' (BC)', '') || ' BC' ELSE {0}::VARCHAR END";
constexpr const char* duck_timestamptz =
    "CASE WHEN contains(({0} AT TIME ZONE 'UTC')::VARCHAR, '(BC)') "
    "THEN replace(({0} AT TIME ZONE 'UTC')::VARCHAR, ' (BC)', '') || ' BC' ELSE ({0} AT TIME ZONE 'UTC')::VARCHAR END";
constexpr const char* pg_timetz = "{0}::time::text || ' offset ' || extract(timezone FROM {0})::int::text";
constexpr const char* duck_timetz = "{0}::TIME::VARCHAR || ' offset ' || datepart('timezone', {0})::INT::VARCHAR";
constexpr const char* pg_interval =
    "(extract(year FROM {0}) * 12 + extract(month FROM {0}))::bigint::text || ' months ' || "
    "extract(day FROM {0})::bigint::text || ' days ' || (extract(hour FROM {0}) * 3600000000 + "
    "extract(minute FROM {0}) * 60000000 + extract(microsecond FROM {0}))::bigint::text || ' us'";
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

// numeric's typmod holds precision and scale; since 15 the scale is a signed number of 11 bits.
std::string duck_decimal(std::int32_t typmod) {
  const std::int32_t precision = typmod < 4 ? 0 : ((typmod - 4) >> 16) & 0xFFFF;
  const std::int32_t scale = typmod < 4 ? 0 : (((typmod - 4) & 0x7FF) ^ 1024) - 1024;
  const bool fits = precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision;
  return fits ? fmt::format("DECIMAL({},{})", precision, scale) : "DECIMAL(38,9)";
}

}  // namespace

std::string expected_duck_type(const BaseType& type) {
  return type.oid == numeric_oid ? duck_decimal(type.typmod) : pair_of(type).duck_type;
}

std::string canonical_in_postgres(const BaseType& type, const std::string& column) {
  return with_column(pair_of(type).postgres, column);
}

std::string canonical_in_duckdb(const BaseType& type, const std::string& column) {
  return with_column(pair_of(type).duckdb, column);
}

std::string printed_in_postgres(const std::string& column) {
  return with_column(printed, column);
}

}  // namespace walbrook::test
