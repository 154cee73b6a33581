#include <fmt/format.h>

#include <algorithm>

#include "test/four_ways/type_generators.h"

namespace walbrook::test {
namespace {

// In days since 2000-01-01.
constexpr std::int64_t first_day = -2451545;    // 4714-11-24 BC, of dates and timestamps
constexpr std::int64_t last_date = 2145031948;  // 5874897-12-31
// The following end one day early, so that rounding to a precision does not leave the range.
constexpr std::int64_t last_held = 104239033;       // 287396-10-11: 2^53 milliseconds, as far as DuckDB prints exactly
constexpr std::int64_t last_in_duckdb = 106741033;  // 294247-01-09
constexpr std::int64_t last_timestamp = 106751981;  // 294276-12-30, of PostgreSQL
constexpr std::int64_t day_us = 86'400'000'000;

std::int64_t random_day(Random& random, std::int64_t last) {
  if (random.chance(8)) return first_day;
  if (random.chance(8)) return last;
  if (random.chance(10)) return -730121 - static_cast<std::int64_t>(random.below(800));  // around the year 1
  if (random.chance(70)) return static_cast<std::int64_t>(random.below(60000)) - 30000;
  return first_day + static_cast<std::int64_t>(random.below(static_cast<std::size_t>(last - first_day)));
}

std::int64_t random_time(Random& random) {
  if (random.chance(20)) return 0;
  if (random.chance(10)) return day_us - 1;
  const auto time = static_cast<std::int64_t>(random.below(day_us));
  return random.chance(30) ? time / 1'000'000 * 1'000'000 : time;
}

std::string time_text(std::int64_t us) {
  return fmt::format("{:02}:{:02}:{:02}.{:06}", us / 3'600'000'000, us / 60'000'000 % 60, us / 1'000'000 % 60,
                     us % 1'000'000);
}

std::string offset_text(Random& random) {
  const auto most = 15 * 3600 + 59 * 60 + 59;  // seconds
  auto seconds = static_cast<int>(random.below(2 * most + 1)) - most;
  if (random.chance(60)) seconds = seconds / 1800 * 1800;
  if (random.chance(5)) seconds = random.chance(50) ? most : -most;
  const auto size = std::abs(seconds);
  return fmt::format("{}{:02}:{:02}:{:02}", seconds < 0 ? '-' : '+', size / 3600, size / 60 % 60, size % 60);
}

std::string instant(Random& random, Extent extent) {
  if (random.chance(5)) return random.chance(50) ? "infinity" : "-infinity";
  auto last = last_held;
  if (extent == Extent::any && random.chance(20)) last = random.chance(50) ? last_in_duckdb : last_timestamp;
  return timestamp_text(random_day(random, last), random_time(random));
}

// The fraction's digits that a column keeps: "" or "(3)".
std::string precision(Random& random) {
  return random.chance(70) ? "" : fmt::format("({})", random.below(7));
}

std::string interval(Random& random, int major, Extent extent) {
  if (extent == Extent::any && major >= 17 && random.chance(5)) return random.chance(50) ? "infinity" : "-infinity";
  if (random.chance(10)) return "0";
  std::string out;
  if (random.chance(60))
    out += fmt::format("{} mons ", random.chance(50) ? random_integer(random, 12) : random_integer(random, 32));
  if (random.chance(60))
    out += fmt::format("{} days ", random.chance(50) ? random_integer(random, 12) : random_integer(random, 32));
  if (out.empty() || random.chance(60)) {
    const auto hours = random.chance(50) ? random.below(48) : random.below(2'000'000'000);
    const auto us = random_time(random) % 3'600'000'000;
    out += fmt::format("{}{}:{:02}:{:02}.{:06}", random.chance(50) ? "-" : "", hours, us / 60'000'000,
                       us / 1'000'000 % 60, us % 1'000'000);
  }
  return out;
}

ColumnType random_interval(Random& random, int major) {
  static const std::vector<std::string> fields = {"", "", "", "(0)", "(3)", " year to month", " day to second(2)"};
  return {.sql = "interval" + random.pick(fields),
          .value = [major](Random& of_value, Extent extent) { return interval(of_value, major, extent); },
          .binary = true};
}

// 24:00:00 is a time of its own.
std::string time(Random& random) {
  return random.chance(5) ? "24:00:00" : time_text(random_time(random));
}

template <class Number>
std::pair<Number, Number> in_order(Number a, Number b) {
  return {std::min(a, b), std::max(a, b)};
}

std::pair<std::string, std::string> integers(Random& random, unsigned bits) {
  const auto [low, high] = in_order(random_integer(random, bits - 1), random_integer(random, bits - 1));
  return {std::to_string(low), std::to_string(high)};
}

// The last day is left out, because the end of a range of days is one day after its last.
std::pair<std::string, std::string> days(Random& random) {
  const auto [low, high] = in_order(random_day(random, last_date - 1), random_day(random, last_date - 1));
  return {random.chance(5) ? "-infinity" : date_text(low), random.chance(5) ? "infinity" : date_text(high)};
}

std::pair<std::string, std::string> instants(Random& random) {
  const auto [low, high] = in_order(std::pair(random_day(random, last_timestamp), random_time(random)),
                                    std::pair(random_day(random, last_timestamp), random_time(random)));
  return {random.chance(5) ? "-infinity" : timestamp_text(low.first, low.second),
          random.chance(5) ? "infinity" : timestamp_text(high.first, high.second)};
}

std::pair<std::string, std::string> numerics(Random& random) {
  const auto [low, high] = in_order(random_integer(random, 64), random_integer(random, 64));
  const auto decimals = random.below(40);
  const auto exponent = decimals == 0 ? std::string() : fmt::format("e-{}", decimals);
  return {std::to_string(low) + exponent, random.chance(5) ? "NaN" : std::to_string(high) + exponent};
}

}  // namespace

// The civil date of a day number.                    https://howardhinnant.github.io/date_algorithms.html
std::string date_text(std::int64_t days) {
  const auto z = days + 10957 + 719468;
  const auto era = (z >= 0 ? z : z - 146096) / 146097;
  const auto of_era = z - era * 146097;
  const auto year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const auto of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto month_index = (5 * of_year + 2) / 153;
  const auto day = of_year - (153 * month_index + 2) / 5 + 1;
  const auto month = month_index < 10 ? month_index + 3 : month_index - 9;
  const auto year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return year > 0 ? fmt::format("{:04}-{:02}-{:02}", year, month, day)
                  : fmt::format("{:04}-{:02}-{:02} BC", 1 - year, month, day);
}

std::string timestamp_text(std::int64_t days, std::int64_t microseconds) {
  const auto date = date_text(days);
  return date.substr(0, date.find(' ')) + " " + time_text(microseconds) + (date.ends_with("BC") ? " BC" : "");
}

void add_datetimes(TypeGenerators& types, int major) {
  types["pg_catalog.date"] = [](Random&) {
    return ColumnType{.sql = "date",
                      .value = [](Random& random, Extent) -> std::string {
                        if (random.chance(5)) return random.chance(50) ? "infinity" : "-infinity";
                        return date_text(random_day(random, last_date));
                      },
                      .binary = true};
  };
  types["pg_catalog.time"] = [](Random& random) {
    return ColumnType{.sql = "time" + precision(random),
                      .value = [](Random& of_value, Extent) { return time(of_value); },
                      .binary = true};
  };
  types["pg_catalog.timetz"] = [](Random& random) {
    return ColumnType{.sql = "time" + precision(random) + " with time zone",
                      .value = [](Random& of_value, Extent) { return time(of_value) + offset_text(of_value); },
                      .binary = true};
  };
  types["pg_catalog.timestamp"] = [](Random& random) {
    return ColumnType{.sql = "timestamp" + precision(random), .value = instant, .binary = true};
  };
  types["pg_catalog.timestamptz"] = [](Random& random) {
    return ColumnType{.sql = "timestamp" + precision(random) + " with time zone", .value = instant, .binary = true};
  };
  types["pg_catalog.interval"] = [major](Random& random) { return random_interval(random, major); };
}

void add_ranges(TypeGenerators& types) {
  const std::vector<std::pair<std::string, Bounds>> subtypes = {
      {"int4", [](Random& random) { return integers(random, 32); }},
      {"int8", [](Random& random) { return integers(random, 64); }},
      {"num", numerics},
      {"date", days},
      {"ts", instants},
      {"tstz", instants}};
  for (const auto& [name, bounds] : subtypes) {
    types["pg_catalog." + name + "range"] = [name, bounds](Random&) { return range_of(name + "range", bounds); };
    types["pg_catalog." + name + "multirange"] = [name, bounds](Random&) {
      return multirange_of(name + "multirange", bounds);
    };
  }
}

}  // namespace walbrook::test
