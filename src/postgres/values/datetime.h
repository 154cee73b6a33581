// What the text parsers and the binary parsers of dates and times share: the calendar, PostgreSQL's ranges, and the
// functions that append.
//
// PostgreSQL counts from 2000-01-01; the columns count from 1970-01-01. The calendar is Gregorian for all times
// (proleptic). The year before 1 AD is 1 BC, which is the year 0 here.
#pragma once

#include <cstdint>
#include <string>

#include "postgres/values/values.h"

namespace walbrook::postgres {

inline constexpr std::int64_t us_per_second = 1'000'000;
inline constexpr std::int64_t us_per_minute = 60 * us_per_second;
inline constexpr std::int64_t us_per_hour = 60 * us_per_minute;
inline constexpr std::int64_t us_per_day = 24 * us_per_hour;

inline constexpr std::int64_t postgres_epoch_days = 10957;  // from 1970-01-01 to 2000-01-01

// In seconds. The offset of a time zone is less than 16 hours (MAX_TZDISP_HOUR of timestamp.h).
inline constexpr std::int32_t max_zone_seconds = 16 * 3600 - 1;

struct CivilDate {
  std::int64_t year;  // 0 is 1 BC
  int month;          // 1..12
  int day;            // 1..31
};
// Both convert between dates and days since 1970-01-01.
[[nodiscard]] std::int64_t days_from_civil(CivilDate date);
[[nodiscard]] CivilDate civil_from_days(std::int64_t days);
[[nodiscard]] int days_in_month(std::int64_t year, int month);

enum class TimestampKind { without_zone, with_zone };
enum class Sign { plus, minus };

// Prints days since 1970-01-01 as date_out does with DateStyle ISO.
[[nodiscard]] std::string print_date(std::int64_t days);

// The functions that append return malformed for what PostgreSQL's type cannot hold. What the destination cannot hold
// becomes an overflow, whose text is in UTC for a timestamp.
ParseStatus append_date(std::int64_t days_since_2000, const ValueLimits& limits, Column& out);
ParseStatus append_infinite_date(Sign sign, const ValueLimits& limits, Column& out);
ParseStatus append_time(std::int64_t microseconds, Column& out);
ParseStatus append_timetz(std::int64_t microseconds, std::int32_t offset_seconds, Column& out);
ParseStatus append_timestamp(std::int64_t us_since_2000, TimestampKind kind, const ValueLimits& limits, Column& out);
ParseStatus append_infinite_timestamp(Sign sign, const ValueLimits& limits, Column& out);
ParseStatus append_infinite_interval(Sign sign, Column& out);

}  // namespace walbrook::postgres
