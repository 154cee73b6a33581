// How a column's values lie in memory: the Arrow layout where Arrow has one. What a column becomes follows from the
// source type and from what the destination says it can hold (ValueLimits), before a value is parsed.
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
  bit,           // offsets + bytes: how many bits of the second byte pad, then the bits, with ones as padding in front
  list,          // offsets into one child; NULL and empty lists have no elements there
  structure,     // one child a field, each as long as the column; NULL in all of them where the structure is NULL
  map,           // offsets into two children, key and value; keys are never NULL
};

struct TimeTz {
  std::int64_t microseconds;    // local time since midnight
  std::int32_t offset_seconds;  // east of Greenwich is positive (the wire has it the other way round)
  std::int32_t unused = 0;
  friend bool operator==(const TimeTz&, const TimeTz&) = default;
};

struct Interval {
  std::int32_t months;
  std::int32_t days;
  std::int64_t microseconds;
  friend bool operator==(const Interval&, const Interval&) = default;
};

__extension__ typedef __int128 Int128;            // what `-Wpedantic` lets pass
inline constexpr int max_decimal_precision = 38;  // as many digits as an Int128 holds whatever they are

struct PhysicalType {
  Layout layout = Layout::utf8;
  std::uint8_t precision = 0;          // of decimal, else 0
  std::uint8_t scale = 0;              // of decimal, else 0
  std::vector<PhysicalType> children;  // list: its element; structure: its fields; map: key and value
  std::vector<std::string> names;      // of a structure's fields, as in the source
  friend bool operator==(const PhysicalType& a, const PhysicalType& b);
};

// Types within types: a column that is deeper, or has more parts in all, is not taken apart but stays text.
inline constexpr int max_type_depth = 16;
inline constexpr int max_type_parts = 2000;

// Bytes of one value in the column's value buffer; 0 where it has none or they vary.
[[nodiscard]] std::size_t value_width(Layout layout);
// Its values are bytes behind offsets.
[[nodiscard]] bool is_variable_width(Layout layout);
[[nodiscard]] bool is_nested(Layout layout);

// "decimal(12,2)", "list(utf8)", "structure(\"a\" int32, \"b\" utf8)"; and back. An unknown name is an Error of kind
// internal.
[[nodiscard]] std::string to_string(const PhysicalType& type);
[[nodiscard]] PhysicalType parse_physical_type(const std::string& name);

// What a destination's columns can hold. By default all that their layouts can; values beyond go to the overflow
// column.
struct ValueLimits {
  // Microseconds since 1970 of a timestamp, days since 1970 of a date, both ends included. Infinity is apart.
  std::int64_t min_timestamp = -std::numeric_limits<std::int64_t>::max() + 1;
  std::int64_t max_timestamp = std::numeric_limits<std::int64_t>::max() - 1;
  std::int32_t min_date = -std::numeric_limits<std::int32_t>::max() + 1;
  std::int32_t max_date = std::numeric_limits<std::int32_t>::max() - 1;
  bool infinite_times = true;  // dates and timestamps can be ±infinity
  bool float_nan = true;
  bool float_infinity = true;
  int decimal_precision = max_decimal_precision;  // a numeric of more digits is taken for one without a typmod
  int unconstrained_numeric_scale = 9;            // numeric without a typmod becomes decimal(decimal_precision, this)
};

}  // namespace walbrook
