// How a column's values lie in memory: the Arrow layout where Arrow has one. What a column becomes follows from the
// source type and from what the destination says it can hold (ValueLimits), before a value is parsed.
#pragma once

#include <cstdint>
#include <string>

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
  decimal,       // __int128, scaled by 10^scale; precision 1..38
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

__extension__ typedef __int128 Int128;  // what `-Wpedantic` lets pass

struct PhysicalType {
  Layout layout = Layout::utf8;
  std::uint8_t precision = 0;  // of decimal, else 0
  std::uint8_t scale = 0;      // of decimal, else 0
  friend bool operator==(const PhysicalType&, const PhysicalType&) = default;
};

// Bytes of one value in the column's value buffer; 0 for utf8, json and binary.
[[nodiscard]] std::size_t value_width(Layout layout);
[[nodiscard]] inline bool is_variable_width(Layout layout) {
  return value_width(layout) == 0;
}

// "decimal(12,2)", "utf8"; and back. An unknown name is an Error of kind internal.
[[nodiscard]] std::string to_string(PhysicalType type);
[[nodiscard]] PhysicalType parse_physical_type(const std::string& name);

// What a destination's columns can hold. Values beyond go to the variant column.
struct ValueLimits {
  std::int64_t min_timestamp;  // microseconds since 1970, both ends included
  std::int64_t max_timestamp;
  int unconstrained_numeric_scale = 9;  // numeric without a typmod becomes decimal(38, this)
};

}  // namespace walbrook
