// The DuckDB types of walbrook's layouts.
//
//   boolean BOOLEAN · int16/32/64 SMALLINT/INTEGER/BIGINT · uint32/64 UINTEGER/UBIGINT · float32/64 FLOAT/DOUBLE ·
//   decimal(p,s) DECIMAL(p,s) · utf8 VARCHAR · json JSON · binary BLOB · uuid UUID · date DATE · time TIME ·
//   time_tz TIME WITH TIME ZONE · timestamp TIMESTAMP · timestamp_tz TIMESTAMP WITH TIME ZONE · interval INTERVAL ·
//   bit BIT · list T[] · structure STRUCT(…) · map MAP(K, V)
//
// A column of an enum (PhysicalType::native) may be an ENUM instead of VARCHAR: see enum_types.h.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>

#include "destination/duckdb/connection.h"
#include "model/physical_type.h"

namespace walbrook::destination::duckdb {

[[nodiscard]] std::string sql_type(const PhysicalType& type);
[[nodiscard]] LogicalType logical_type(const PhysicalType& type);
// Returns whether a vector of type `actual` holds values as `type` lays them out.
[[nodiscard]] bool matches(duckdb_logical_type actual, const PhysicalType& type);

// DuckDB holds 290309 BC to 294247 AD, but prints a TIMESTAMPTZ by way of a double of milliseconds: beyond 2^53 of them
// (the year 287396) the text is off by a millisecond (tried with 1.5.5). Dates are days as in the layout, NaN and the
// infinities are native, and decimals have 38 digits as in the layout.
inline constexpr std::int64_t max_timestamp = ((std::int64_t{1} << 53) - 1) * 1000;
inline constexpr ValueLimits value_limits{.min_timestamp = -max_timestamp, .max_timestamp = max_timestamp};

// DuckDB packs a TIMETZ into 64 bits: the microseconds in the upper bits, below them the offset counted down from its
// maximum, so that the packed numbers sort as the values do. duckdb_create_time_tz packs the same way.
[[nodiscard]] inline std::uint64_t pack_time_tz(const TimeTz& value) {
  constexpr std::int32_t max_offset = 16 * 60 * 60 - 1;
  constexpr unsigned offset_bits = 24;
  return (static_cast<std::uint64_t>(value.microseconds) << offset_bits) |
         static_cast<std::uint64_t>(max_offset - value.offset_seconds);
}

// DuckDB sorts UUIDs as signed numbers of 128 bits, hence the flipped top bit.
[[nodiscard]] inline duckdb_hugeint uuid_from_wire(const char* bytes) {
  const auto half = [](const char* from) {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = (value << 8U) | static_cast<unsigned char>(from[i]);
    return value;
  };
  return {.lower = half(bytes + 8), .upper = static_cast<std::int64_t>(half(bytes) ^ (std::uint64_t{1} << 63U))};
}

}  // namespace walbrook::destination::duckdb
