#include "schema/source_type.h"

namespace walbrook {
namespace {

// numeric's typmod: ((precision << 16) | (scale & 0x7ff)) + 4, the scale in 11 bits with sign (since 15).
PhysicalType numeric_type(std::int32_t typmod, const ValueLimits& limits) {
  const PhysicalType unconstrained{Layout::decimal, 38, static_cast<std::uint8_t>(limits.unconstrained_numeric_scale)};
  if (typmod < 4) return unconstrained;
  const int precision = ((typmod - 4) >> 16) & 0xFFFF;
  const int scale = (((typmod - 4) & 0x7FF) ^ 1024) - 1024;
  if (precision > 38 || scale < 0 || scale > precision) return unconstrained;
  return {Layout::decimal, static_cast<std::uint8_t>(precision), static_cast<std::uint8_t>(scale)};
}

}  // namespace

PhysicalType physical_type(const SourceType& type, std::int32_t typmod, const ValueLimits& limits) {
  switch (type.base_oid) {
    case type_oid::boolean:
      return {Layout::boolean};
    case type_oid::int2:
      return {Layout::int16};
    case type_oid::int4:
      return {Layout::int32};
    case type_oid::int8:
      return {Layout::int64};
    case type_oid::oid:
      return {Layout::uint32};
    case type_oid::xid8:
      return {Layout::uint64};
    case type_oid::float4:
      return {Layout::float32};
    case type_oid::float8:
      return {Layout::float64};
    case type_oid::numeric:
      return numeric_type(type.base_typmod >= 0 ? type.base_typmod : typmod, limits);
    case type_oid::bytea:
      return {Layout::binary};
    case type_oid::uuid:
      return {Layout::uuid};
    case type_oid::date:
      return {Layout::date};
    case type_oid::time:
      return {Layout::time};
    case type_oid::timetz:
      return {Layout::time_tz};
    case type_oid::timestamp:
      return {Layout::timestamp};
    case type_oid::timestamptz:
      return {Layout::timestamp_tz};
    case type_oid::interval:
      return {Layout::interval};
    case type_oid::json:
    case type_oid::jsonb:
      return {Layout::json};
    default:
      return {Layout::utf8};
  }
}

bool has_binary_parser(const SourceType& type) {
  if (type.is_enum) return true;
  switch (type.base_oid) {
    case type_oid::boolean:
    case type_oid::int2:
    case type_oid::int4:
    case type_oid::int8:
    case type_oid::oid:
    case type_oid::xid8:
    case type_oid::float4:
    case type_oid::float8:
    case type_oid::numeric:
    case type_oid::bytea:
    case type_oid::uuid:
    case type_oid::date:
    case type_oid::time:
    case type_oid::timetz:
    case type_oid::timestamp:
    case type_oid::timestamptz:
    case type_oid::interval:
    case type_oid::json:
    case type_oid::jsonb:
    case type_oid::text:
    case type_oid::varchar:
    case type_oid::bpchar:
    case type_oid::name:
    case type_oid::char1:
      return true;
    default:
      return false;
  }
}

}  // namespace walbrook
