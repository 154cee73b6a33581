// The layout of a column's values in memory: Arrow's, if Arrow has one. A column's type follows from its source type
// and from what the destination can hold (ValueLimits), before a value is parsed.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace walbrook {

enum class Layout : std::uint8_t {
  boolean,       // 1 byte, 0 or 1
  int16,         //
  int32,         //
  int64,         //
  uint32,        // oid
  uint64,        // xid8
  float32,       // NaN, ±infinity and −0 are kept
  float64,       //
  decimal,       // Int128, scaled by 10^scale; precision 1..max_decimal_precision
  utf8,          // offsets + bytes
  json,          // utf8 that holds a JSON document, byte for byte as PostgreSQL sent it
  binary,        // offsets + bytes
  uuid,          // 16 bytes, as on the wire
  date,          // int32 days since 1970-01-01; ±infinity = ±INT32_MAX
  time,          // int64 microseconds since midnight, 24:00:00 included
  time_tz,       // TimeTz
  timestamp,     // int64 microseconds since 1970-01-01; ±infinity = ±INT64_MAX
  timestamp_tz,  // the same, UTC
  interval,      // Interval
  // Offsets + bytes: first the number of padding bits in the second byte, then the bits, with ones as padding in front.
  bit,
  // Offsets into one child. NULL and empty lists have no elements in it.
  list,
  // One child for each field, as long as the column. Where the structure is NULL, all of them are.
  structure,
  map,  // offsets into two children, key and value; keys are never NULL
};

struct TimeTz {
  std::int64_t microseconds;    // local time since midnight
  std::int32_t offset_seconds;  // positive east of Greenwich (the wire has the opposite sign)
  std::int32_t unused = 0;
  friend bool operator==(const TimeTz&, const TimeTz&) = default;
};

struct Interval {
  std::int32_t months;
  std::int32_t days;
  std::int64_t microseconds;
  friend bool operator==(const Interval&, const Interval&) = default;
};

__extension__ typedef __int128 Int128;            // -Wpedantic accepts this spelling
inline constexpr int max_decimal_precision = 38;  // an Int128 holds every number of that many digits

struct PhysicalType {
  Layout layout = Layout::utf8;
  std::uint8_t precision = 0;          // of decimal, else 0
  std::uint8_t scale = 0;              // of decimal, else 0
  std::vector<PhysicalType> children;  // list: its element; structure: its fields; map: key and value
  std::vector<std::string> names;      // of a structure's fields, as in the source
  // The source's own type, if the destination has PostgreSQL's types (ValueLimits::source_types) and the layout does
  // not already say which one: "3802" is the OID of a built-in type, "citext" the name of an extension's, "1700[]" an
  // array of a type, "geometry[:]" one whose elements are separated by a colon. The layout is then utf8 or json, and
  // values are in the type's text form, or it is the type's own. At a destination with user_types alone: the name of an
  // enum, whose layout is utf8.
  std::string native{};
  friend bool operator==(const PhysicalType& a, const PhysicalType& b);
};

// Limits of nested types: a column that is deeper, or has more parts in all, is not taken apart and stays text.
inline constexpr int max_type_depth = 16;
inline constexpr int max_type_parts = 2000;

// Bytes of one value in the column's value buffer; 0: it has none, or their number varies.
[[nodiscard]] std::size_t value_width(Layout layout);
// Values of the layout are offsets + bytes.
[[nodiscard]] bool is_variable_width(Layout layout);
[[nodiscard]] bool is_nested(Layout layout);

// The type as text, and back: "decimal(12,2)", "list(utf8)", "structure(\"a\" int32, \"b\" utf8)", "utf8 as \"1700\"".
// Throws Error(internal) for an unknown name.
[[nodiscard]] std::string to_string(const PhysicalType& type);
[[nodiscard]] PhysicalType parse_physical_type(const std::string& name);

// What a destination's columns can hold. The default is everything that their layouts can; other values go to the
// overflow column.
struct ValueLimits {
  // Timestamps in microseconds since 1970, dates in days since 1970; both ends are included, infinity is not.
  std::int64_t min_timestamp = -std::numeric_limits<std::int64_t>::max() + 1;
  std::int64_t max_timestamp = std::numeric_limits<std::int64_t>::max() - 1;
  std::int32_t min_date = -std::numeric_limits<std::int32_t>::max() + 1;
  std::int32_t max_date = std::numeric_limits<std::int32_t>::max() - 1;
  bool infinite_times = true;  // dates and timestamps can be ±infinity
  bool float_nan = true;
  bool float_infinity = true;
  bool float_negative_zero = true;  // -0 stays distinct from 0
  // Types that are text where this is false, as values of columns and as parts of nested values.
  bool time_tz = true;
  bool interval = true;
  bool bit = true;
  // A numeric with more digits is treated as one without a typmod.
  int decimal_precision = max_decimal_precision;
  int unconstrained_numeric_scale = 9;  // numeric without a typmod becomes decimal(decimal_precision, this)
  // The destination has PostgreSQL's types, and reads their text form: values that no layout holds in full (numeric,
  // arrays, ranges, …) keep it, and PhysicalType::native says which type they are of.
  bool source_types = false;
  // With source_types: the destination also has the source's enums, domains and composites, and PhysicalType::native
  // is their name with its schema: "app.mood". Without: it has enums, and domains over them, as types of columns.
  bool user_types = false;
};

// Whether columns can have the type, as itself and not as text.
[[nodiscard]] bool can_hold(const ValueLimits& limits, const PhysicalType& type);

}  // namespace walbrook
