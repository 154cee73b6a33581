#include "model/source_type.h"

#include <algorithm>
#include <array>
#include <utility>

namespace walbrook {
namespace {

// The typmod of numeric is ((precision << 16) | (scale & 0x7ff)) + 4, with a signed scale of 11 bits (since 15).
PhysicalType numeric_type(std::int32_t typmod, const ValueLimits& limits) {
  PhysicalType unconstrained{Layout::decimal, static_cast<std::uint8_t>(limits.decimal_precision),
                             static_cast<std::uint8_t>(limits.unconstrained_numeric_scale)};
  if (typmod < 4) return unconstrained;
  const int precision = ((typmod - 4) >> 16) & 0xFFFF;
  const int scale = (((typmod - 4) & 0x7FF) ^ 1024) - 1024;
  if (precision > limits.decimal_precision || scale < 0 || scale > precision) return unconstrained;
  return {Layout::decimal, static_cast<std::uint8_t>(precision), static_cast<std::uint8_t>(scale)};
}

// The array types of pg_type.dat and their element types. (int2vector and oidvector are printed in another form.)
constexpr std::array<std::pair<Oid, Oid>, 76> built_in_arrays = {
    {{143, 142},   {199, 114},   {271, 5069},  {629, 628},   {651, 650},   {719, 718},   {775, 774},   {791, 790},
     {1000, 16},   {1001, 17},   {1002, 18},   {1003, 19},   {1005, 21},   {1006, 22},   {1007, 23},   {1008, 24},
     {1009, 25},   {1010, 27},   {1011, 28},   {1012, 29},   {1013, 30},   {1014, 1042}, {1015, 1043}, {1016, 20},
     {1017, 600},  {1018, 601},  {1019, 602},  {1020, 603},  {1021, 700},  {1022, 701},  {1027, 604},  {1028, 26},
     {1034, 1033}, {1040, 829},  {1041, 869},  {1115, 1114}, {1182, 1082}, {1183, 1083}, {1185, 1184}, {1187, 1186},
     {1231, 1700}, {1270, 1266}, {1561, 1560}, {1563, 1562}, {2201, 1790}, {2207, 2202}, {2208, 2203}, {2209, 2204},
     {2210, 2205}, {2211, 2206}, {2949, 2970}, {2951, 2950}, {3221, 3220}, {3643, 3614}, {3644, 3642}, {3645, 3615},
     {3735, 3734}, {3770, 3769}, {3807, 3802}, {3905, 3904}, {3907, 3906}, {3909, 3908}, {3911, 3910}, {3913, 3912},
     {3927, 3926}, {4073, 4072}, {4090, 4089}, {4097, 4096}, {4192, 4191}, {5039, 5038}, {6150, 4451}, {6151, 4532},
     {6152, 4533}, {6153, 4534}, {6155, 4535}, {6157, 4536}}};

// Types whose text form another server of PostgreSQL reads as the same value, whatever its settings and objects are.
// (money depends on lc_monetary, regclass and its like on the objects that are there.)
constexpr std::array<Oid, 62> portable_types = {
    16,   17,   18,   19,   20,   21,   22,   23,   25,   26,   27,   28,   29,   30,   114,  142,
    600,  601,  602,  603,  604,  628,  650,  700,  701,  718,  774,  829,  869,  1042, 1043, 1082,
    1083, 1114, 1184, 1186, 1266, 1560, 1562, 1700, 1790, 2950, 2970, 3220, 3614, 3615, 3802, 3904,
    3906, 3908, 3910, 3912, 3926, 4072, 4451, 4532, 4533, 4534, 4535, 4536, 5038, 5069};

bool is_defined_by_user(const SourceType& type) {
  const bool is_domain = type.base_oid != type.oid;
  return type.oid >= first_user_oid && !type.name.empty() &&
         (is_domain || type.is_enum || type.kind == SourceType::Kind::composite);
}

// The type is an enum or a domain over one, and not an array of it.
bool is_enum_of_user(const SourceType& type) {
  return type.is_enum && type.kind == SourceType::Kind::scalar && is_defined_by_user(type);
}

// Returns PhysicalType::native of a column with values of the type.
std::string native_name(const SourceType& type, bool user_types) {
  auto text = std::to_string(type_oid::text);
  if (user_types && is_defined_by_user(type)) return type.name;
  switch (type.kind) {
    case SourceType::Kind::hstore:
      return "hstore";
    case SourceType::Kind::composite:
      return text;
    case SourceType::Kind::list: {
      const auto& element = type.fields.front().type;
      const auto of_element = native_name(element, user_types);
      if (element.delimiter == ',') return of_element + "[]";
      // The text "{a:b}" of such an array is one value of another type's array. Only its own type reads it.
      if (type.delimiter != element.delimiter || of_element == text) return text;
      return of_element + "[" + element.delimiter + "]";
    }
    case SourceType::Kind::scalar:
    case SourceType::Kind::vector:
    case SourceType::Kind::halfvec:
      break;
  }
  if (type.is_enum) return text;
  if (type.base_oid >= first_user_oid) {
    const auto dot = type.name.rfind('.');
    const bool is_domain = type.base_oid != type.oid;  // its name is not that of the type under it
    return type.name.empty() || is_domain ? text : type.name.substr(dot == std::string::npos ? 0 : dot + 1);
  }
  return std::ranges::binary_search(portable_types, type.base_oid) ? std::to_string(type.base_oid) : text;
}

// The layouts that hold every value of the type, so that no value needs its text form. (An instant after the year
// 294247 and an infinite interval, which they do not hold, go to the overflow column.)
bool holds_all(Layout layout) {
  return layout != Layout::decimal && layout != Layout::bit && !is_nested(layout);
}

// Returns the column type at a destination that has PostgreSQL's types.
PhysicalType in_source_type(const SourceType& type, PhysicalType own, bool user_types) {
  PhysicalType column = holds_all(own.layout) ? std::move(own) : PhysicalType{Layout::utf8};
  column.native = native_name(type, user_types);
  if (column.native == std::to_string(type_of_layout(column.layout))) column.native.clear();
  return column;
}

// Returns the layout, or that of text where the destination's columns cannot have it.
PhysicalType unless_text(Layout layout, bool is_held) {
  return {is_held ? layout : Layout::utf8};
}

PhysicalType scalar_type(Oid oid, std::int32_t typmod, const ValueLimits& limits) {
  switch (oid) {
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
      return numeric_type(typmod, limits);
    case type_oid::bytea:
      return {Layout::binary};
    case type_oid::bit:
    case type_oid::varbit:
      return unless_text(Layout::bit, limits.bit);
    case type_oid::uuid:
      return {Layout::uuid};
    case type_oid::date:
      return {Layout::date};
    case type_oid::time:
      return {Layout::time};
    case type_oid::timetz:
      return unless_text(Layout::time_tz, limits.time_tz);
    case type_oid::timestamp:
      return {Layout::timestamp};
    case type_oid::timestamptz:
      return {Layout::timestamp_tz};
    case type_oid::interval:
      return unless_text(Layout::interval, limits.interval);
    case type_oid::json:
    case type_oid::jsonb:
      return {Layout::json};
    default:
      return {Layout::utf8};
  }
}

}  // namespace

Oid type_of_layout(Layout layout) {
  switch (layout) {
    case Layout::boolean:
      return type_oid::boolean;
    case Layout::int16:
      return type_oid::int2;
    case Layout::int32:
      return type_oid::int4;
    case Layout::int64:
    case Layout::uint32:  // a column of type oid says so by PhysicalType::native
      return type_oid::int8;
    case Layout::uint64:
    case Layout::decimal:
      return type_oid::numeric;
    case Layout::float32:
      return type_oid::float4;
    case Layout::float64:
      return type_oid::float8;
    case Layout::utf8:
      return type_oid::text;
    case Layout::json:
      return type_oid::json;
    case Layout::binary:
      return type_oid::bytea;
    case Layout::uuid:
      return type_oid::uuid;
    case Layout::date:
      return type_oid::date;
    case Layout::time:
      return type_oid::time;
    case Layout::time_tz:
      return type_oid::timetz;
    case Layout::timestamp:
      return type_oid::timestamp;
    case Layout::timestamp_tz:
      return type_oid::timestamptz;
    case Layout::interval:
      return type_oid::interval;
    case Layout::bit:
      return type_oid::varbit;
    case Layout::list:
    case Layout::structure:
    case Layout::map:
      return 0;
  }
  return 0;
}

SourceType built_in_type(Oid oid) {
  constexpr Oid box = 603;  // the one type whose array elements are not separated by a comma
  SourceType type{.oid = oid, .base_oid = oid, .delimiter = oid == box ? ';' : ','};
  const auto* const array = std::ranges::lower_bound(built_in_arrays, oid, {}, &std::pair<Oid, Oid>::first);
  if (array != built_in_arrays.end() && array->first == oid) {
    type.kind = SourceType::Kind::list;
    type.fields.push_back({.name = "", .type = built_in_type(array->second)});
  }
  return type;
}

PhysicalType physical_type(const SourceType& type, std::int32_t typmod, const ValueLimits& limits) {
  if (limits.source_types || limits.user_types) {
    auto own_limits = limits;
    own_limits.source_types = own_limits.user_types = false;
    auto own = physical_type(type, typmod, own_limits);
    if (limits.source_types) return in_source_type(type, std::move(own), limits.user_types);
    if (is_enum_of_user(type)) own.native = type.name;
    return own;
  }
  const auto own_typmod = type.base_typmod >= 0 ? type.base_typmod : typmod;
  switch (type.kind) {
    case SourceType::Kind::scalar:
      return scalar_type(type.base_oid, own_typmod, limits);
    case SourceType::Kind::list:
      return {Layout::list, 0, 0, {physical_type(type.fields.front().type, own_typmod, limits)}};
    case SourceType::Kind::composite: {
      PhysicalType out{Layout::structure};
      for (const auto& field : type.fields) {
        out.names.push_back(field.name);
        out.children.push_back(physical_type(field.type, field.typmod, limits));
      }
      return out;
    }
    case SourceType::Kind::hstore:
      return {Layout::map, 0, 0, {{Layout::utf8}, {Layout::utf8}}};
    case SourceType::Kind::vector:
    case SourceType::Kind::halfvec:
      return {Layout::list, 0, 0, {{Layout::float32}}};
  }
  return {Layout::utf8};
}

namespace {

bool has_layouts_of(const PhysicalType& column, const PhysicalType& other) {
  return column.layout == other.layout && std::ranges::equal(column.children, other.children, has_layouts_of);
}

}  // namespace

bool has_binary_parser(const SourceType& type, const PhysicalType& column) {
  if (!has_binary_parser(type)) return false;
  return type.is_enum || has_layouts_of(column, physical_type(type, -1, {}));
}

bool has_binary_parser(const SourceType& type) {
  if (type.is_enum) return true;
  if (type.kind != SourceType::Kind::scalar) {  // the types of extensions have no fields
    return std::ranges::all_of(type.fields, [](const SourceField& field) { return has_binary_parser(field.type); });
  }
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
    case type_oid::bit:
    case type_oid::varbit:
      return true;
    default:
      return false;
  }
}

}  // namespace walbrook
