#include "destination/duckdb/types.h"

#include <fmt/format.h>

namespace walbrook::destination::duckdb {
namespace {

duckdb_type type_id(Layout layout) {
  switch (layout) {
    case Layout::boolean:
      return DUCKDB_TYPE_BOOLEAN;
    case Layout::int16:
      return DUCKDB_TYPE_SMALLINT;
    case Layout::int32:
      return DUCKDB_TYPE_INTEGER;
    case Layout::int64:
      return DUCKDB_TYPE_BIGINT;
    case Layout::uint32:
      return DUCKDB_TYPE_UINTEGER;
    case Layout::uint64:
      return DUCKDB_TYPE_UBIGINT;
    case Layout::float32:
      return DUCKDB_TYPE_FLOAT;
    case Layout::float64:
      return DUCKDB_TYPE_DOUBLE;
    case Layout::decimal:
      return DUCKDB_TYPE_DECIMAL;
    case Layout::utf8:
    case Layout::json:
      return DUCKDB_TYPE_VARCHAR;
    case Layout::binary:
      return DUCKDB_TYPE_BLOB;
    case Layout::uuid:
      return DUCKDB_TYPE_UUID;
    case Layout::date:
      return DUCKDB_TYPE_DATE;
    case Layout::time:
      return DUCKDB_TYPE_TIME;
    case Layout::time_tz:
      return DUCKDB_TYPE_TIME_TZ;
    case Layout::timestamp:
      return DUCKDB_TYPE_TIMESTAMP;
    case Layout::timestamp_tz:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    case Layout::interval:
      return DUCKDB_TYPE_INTERVAL;
  }
  return DUCKDB_TYPE_INVALID;
}

}  // namespace

std::string sql_type(PhysicalType type) {
  switch (type.layout) {
    case Layout::boolean:
      return "BOOLEAN";
    case Layout::int16:
      return "SMALLINT";
    case Layout::int32:
      return "INTEGER";
    case Layout::int64:
      return "BIGINT";
    case Layout::uint32:
      return "UINTEGER";
    case Layout::uint64:
      return "UBIGINT";
    case Layout::float32:
      return "FLOAT";
    case Layout::float64:
      return "DOUBLE";
    case Layout::decimal:
      return fmt::format("DECIMAL({},{})", type.precision, type.scale);
    case Layout::utf8:
      return "VARCHAR";
    case Layout::json:
      return "JSON";
    case Layout::binary:
      return "BLOB";
    case Layout::uuid:
      return "UUID";
    case Layout::date:
      return "DATE";
    case Layout::time:
      return "TIME";
    case Layout::time_tz:
      return "TIME WITH TIME ZONE";
    case Layout::timestamp:
      return "TIMESTAMP";
    case Layout::timestamp_tz:
      return "TIMESTAMP WITH TIME ZONE";
    case Layout::interval:
      return "INTERVAL";
  }
  return "VARCHAR";
}

LogicalType logical_type(PhysicalType type) {
  if (type.layout == Layout::decimal) return LogicalType(duckdb_create_decimal_type(type.precision, type.scale));
  LogicalType out(duckdb_create_logical_type(type_id(type.layout)));
  // With the alias it is the JSON type itself: comparing or inserting needs no cast, which would parse every document.
  if (type.layout == Layout::json) duckdb_logical_type_set_alias(out.get(), "JSON");
  return out;
}

bool matches(duckdb_logical_type actual, PhysicalType type) {
  if (duckdb_get_type_id(actual) != type_id(type.layout)) return false;
  if (type.layout != Layout::decimal) return true;
  return duckdb_decimal_width(actual) == type.precision && duckdb_decimal_scale(actual) == type.scale;
}

}  // namespace walbrook::destination::duckdb
