#include "postgres/values/datetime.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <string>

#include "postgres/protocol/message.h"

namespace walbrook::postgres {
namespace {

// PostgreSQL's ranges, in days and microseconds since 2000-01-01 (src/include/datatype/timestamp.h). They begin at
// 4714-11-24 BC, Julian day 0, and end at 5874897-12-31 (dates) and 294276-12-31 23:59:59.999999 (timestamps).
constexpr std::int64_t min_date = -2'451'545;
constexpr std::int64_t end_date = 2'145'031'949;
constexpr std::int64_t min_timestamp = -211'813'488'000'000'000;
constexpr std::int64_t end_timestamp = 9'223'371'331'200'000'000;

std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

// Prints a timestamp as timestamp_out and timestamptz_out do, with DateStyle ISO, in UTC.
std::string print_timestamp(std::int64_t us_since_2000, TimestampKind kind) {
  const auto days = floor_divide(us_since_2000, us_per_day);
  const auto time = us_since_2000 - days * us_per_day;
  const auto date = civil_from_days(days + postgres_epoch_days);
  const bool before_christ = date.year <= 0;
  auto text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", before_christ ? 1 - date.year : date.year, date.month,
                          date.day, time / us_per_hour, time / us_per_minute % 60, time / us_per_second % 60);
  if (const auto fraction = time % us_per_second; fraction != 0) {
    text += fmt::format(".{:06}", fraction);
    text.resize(text.find_last_not_of('0') + 1);
  }
  if (kind == TimestampKind::with_zone) text += "+00";
  if (before_christ) text += " BC";
  return text;
}

std::string infinity_text(Sign sign) {
  return sign == Sign::plus ? "infinity" : "-infinity";
}

template <class Time>
ParseStatus append_infinity(Sign sign, const ValueLimits& limits, Column& out) {
  constexpr auto infinity = std::numeric_limits<Time>::max();
  if (limits.infinite_times) {
    out.append(sign == Sign::plus ? infinity : -infinity);
  } else {
    out.append_overflow(infinity_text(sign));
  }
  return ParseStatus::ok;
}

}  // namespace

// Howard Hinnant's algorithms: years begin in March, and an era has 400 years.
//                                                              https://howardhinnant.github.io/date_algorithms.html
std::int64_t days_from_civil(CivilDate date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilDate civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = floor_divide(days, 146097);
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;  // 0 is March
  const auto day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const auto month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

int days_in_month(std::int64_t year, int month) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

std::string print_date(std::int64_t days) {
  const auto date = civil_from_days(days);
  const bool before_christ = date.year <= 0;
  return fmt::format("{:04}-{:02}-{:02}{}", before_christ ? 1 - date.year : date.year, date.month, date.day,
                     before_christ ? " BC" : "");
}

ParseStatus append_date(std::int64_t days_since_2000, const ValueLimits& limits, Column& out) {
  if (days_since_2000 < min_date || days_since_2000 >= end_date) return ParseStatus::malformed;
  const auto days = days_since_2000 + postgres_epoch_days;
  if (days < limits.min_date || days > limits.max_date) {
    out.append_overflow(print_date(days));
  } else {
    out.append(static_cast<std::int32_t>(days));
  }
  return ParseStatus::ok;
}

ParseStatus append_infinite_date(Sign sign, const ValueLimits& limits, Column& out) {
  return append_infinity<std::int32_t>(sign, limits, out);
}

ParseStatus append_time(std::int64_t microseconds, Column& out) {
  if (microseconds < 0 || microseconds > us_per_day) return ParseStatus::malformed;  // 24:00:00 is a time
  out.append(microseconds);
  return ParseStatus::ok;
}

ParseStatus append_timetz(std::int64_t microseconds, std::int32_t offset_seconds, Column& out) {
  if (microseconds < 0 || microseconds > us_per_day) return ParseStatus::malformed;
  if (offset_seconds < -max_zone_seconds || offset_seconds > max_zone_seconds) return ParseStatus::malformed;
  out.append(TimeTz{microseconds, offset_seconds});
  return ParseStatus::ok;
}

ParseStatus append_timestamp(std::int64_t us_since_2000, TimestampKind kind, const ValueLimits& limits, Column& out) {
  if (us_since_2000 < min_timestamp || us_since_2000 >= end_timestamp) return ParseStatus::malformed;
  std::int64_t value = 0;  // its maximum means infinity
  if (__builtin_add_overflow(us_since_2000, postgres_epoch_us, &value) ||
      value == std::numeric_limits<std::int64_t>::max() || value < limits.min_timestamp ||
      value > limits.max_timestamp) {
    out.append_overflow(print_timestamp(us_since_2000, kind));
  } else {
    out.append(value);
  }
  return ParseStatus::ok;
}

ParseStatus append_infinite_timestamp(Sign sign, const ValueLimits& limits, Column& out) {
  return append_infinity<std::int64_t>(sign, limits, out);
}

ParseStatus append_infinite_interval(Sign sign, Column& out) {
  out.append_overflow(infinity_text(sign));
  return ParseStatus::ok;
}

}  // namespace walbrook::postgres
