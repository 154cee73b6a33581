#include "destination/duckdb/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/target_shape.h"

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
    case Layout::bit:
      return DUCKDB_TYPE_BIT;
    case Layout::list:
      return DUCKDB_TYPE_LIST;
    case Layout::structure:
      return DUCKDB_TYPE_STRUCT;
    case Layout::map:
      return DUCKDB_TYPE_MAP;
  }
  return DUCKDB_TYPE_INVALID;
}

// As with the columns of a table, DuckDB cannot tell the fields of a STRUCT apart by case alone.
std::vector<std::string> field_names(const PhysicalType& type) {
  std::vector<std::string> names;
  for (const auto& own : type.names) {
    const auto is_taken = [&](const std::string& name) {
      const auto same = [&name](const std::string& other) { return same_name(other, name); };
      return std::ranges::any_of(names, same) || (name != own && std::ranges::any_of(type.names, same));
    };
    names.push_back(free_name(capabilities().names, own, is_taken));
  }
  return names;
}

std::string struct_sql(const PhysicalType& type) {
  const auto names = field_names(type);
  std::string sql = "STRUCT(";
  for (std::size_t i = 0; i < names.size(); ++i) {
    sql += (i == 0 ? "" : ", ") + identifier(names[i]) + " " + sql_type(type.children[i]);
  }
  return sql + ")";
}

LogicalType struct_type(const PhysicalType& type) {
  const auto names = field_names(type);
  std::vector<LogicalType> fields;
  std::vector<duckdb_logical_type> raw_fields;
  std::vector<const char*> raw_names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    raw_fields.push_back(fields.emplace_back(logical_type(type.children[i])).get());
    raw_names.push_back(names[i].c_str());
  }
  return LogicalType(duckdb_create_struct_type(raw_fields.data(), raw_names.data(), names.size()));
}

bool struct_matches(duckdb_logical_type actual, const PhysicalType& type) {
  const auto names = field_names(type);
  if (duckdb_struct_type_child_count(actual) != names.size()) return false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    char* raw = duckdb_struct_type_child_name(actual, i);
    const bool same = names[i] == raw;
    duckdb_free(raw);
    if (!same || !matches(LogicalType(duckdb_struct_type_child_type(actual, i)).get(), type.children[i])) return false;
  }
  return true;
}

}  // namespace

std::string sql_type(const PhysicalType& type) {
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
    case Layout::bit:
      return "BIT";
    case Layout::list:
      return sql_type(type.children.front()) + "[]";
    case Layout::structure:
      return struct_sql(type);
    case Layout::map:
      return fmt::format("MAP({}, {})", sql_type(type.children[0]), sql_type(type.children[1]));
  }
  return "VARCHAR";
}

LogicalType logical_type(const PhysicalType& type) {
  switch (type.layout) {
    case Layout::decimal:
      return LogicalType(duckdb_create_decimal_type(type.precision, type.scale));
    case Layout::list:
      return LogicalType(duckdb_create_list_type(logical_type(type.children.front()).get()));
    case Layout::map:
      return LogicalType(
          duckdb_create_map_type(logical_type(type.children[0]).get(), logical_type(type.children[1]).get()));
    case Layout::structure:
      return struct_type(type);
    default:
      break;
  }
  LogicalType out(duckdb_create_logical_type(type_id(type.layout)));
  // With the alias it is the JSON type itself: comparing or inserting then needs no cast, which would parse every
  // document.
  if (type.layout == Layout::json) duckdb_logical_type_set_alias(out.get(), "JSON");
  return out;
}

bool matches(duckdb_logical_type actual, const PhysicalType& type) {
  if (!type.native.empty() && duckdb_get_type_id(actual) == DUCKDB_TYPE_ENUM) return true;
  if (duckdb_get_type_id(actual) != type_id(type.layout)) return false;
  switch (type.layout) {
    case Layout::decimal:
      return duckdb_decimal_width(actual) == type.precision && duckdb_decimal_scale(actual) == type.scale;
    case Layout::list:
      return matches(LogicalType(duckdb_list_type_child_type(actual)).get(), type.children.front());
    case Layout::map:
      return matches(LogicalType(duckdb_map_type_key_type(actual)).get(), type.children[0]) &&
             matches(LogicalType(duckdb_map_type_value_type(actual)).get(), type.children[1]);
    case Layout::structure:
      return struct_matches(actual, type);
    default:
      return true;
  }
}

}  // namespace walbrook::destination::duckdb
