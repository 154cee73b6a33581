// Dates, times and intervals: golden values of both formats.
#include "postgres/values/datetime.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "test/unit/postgres/parsing.h"

namespace walbrook::postgres {
namespace {

constexpr std::int64_t second = 1'000'000;

std::string be(std::uint64_t value) {
  ByteWriter out;
  out.u64(value);
  return out.take();
}
std::string be32(std::uint32_t value) {
  ByteWriter out;
  out.u32(value);
  return out.take();
}

TEST(Calendar, days_and_dates_are_each_others_inverse) {
  for (std::int64_t days = -2'500'000; days < 2'500'000; days += 37) {
    const auto date = civil_from_days(days);
    ASSERT_EQ(days_from_civil(date), days);
    ASSERT_LE(date.day, days_in_month(date.year, date.month));
  }
  EXPECT_EQ(days_from_civil({1970, 1, 1}), 0);
  EXPECT_EQ(days_from_civil({2000, 1, 1}), postgres_epoch_days);
  EXPECT_EQ(days_from_civil({-4713, 11, 24}), postgres_epoch_days - 2'451'545);  // Julian day 0
  EXPECT_EQ(days_in_month(2000, 2), 29);
  EXPECT_EQ(days_in_month(1900, 2), 28);
  EXPECT_EQ(days_in_month(0, 2), 29);  // 1 BC
}

TEST(DateTime, dates) {
  const auto text = [](std::string_view bytes) { return value<std::int32_t>(Form::text, type_oid::date, bytes); };
  EXPECT_EQ(text("1970-01-01"), 0);
  EXPECT_EQ(text("1969-12-31"), -1);
  EXPECT_EQ(text("2000-02-29"), 11016);
  EXPECT_EQ(text("0001-01-01"), -719162);
  EXPECT_EQ(text("0001-12-31 BC"), -719163);
  EXPECT_EQ(text("0001-02-29 BC"), -719469);
  EXPECT_EQ(text("4714-11-24 BC"), 10957 - 2451545);
  EXPECT_EQ(text("10000-01-01"), 2932897);
  EXPECT_EQ(text("5874897-12-31"), 10957 + 2145031948);
  EXPECT_EQ(text("infinity"), INT32_MAX);
  EXPECT_EQ(text("-infinity"), -INT32_MAX);
  const auto binary = [](std::uint32_t days) { return value<std::int32_t>(Form::binary, type_oid::date, be32(days)); };
  EXPECT_EQ(binary(0), 10957);
  EXPECT_EQ(binary(static_cast<std::uint32_t>(-2451545)), 10957 - 2451545);
  EXPECT_EQ(binary(2145031948), 10957 + 2145031948);
  EXPECT_EQ(binary(0x7FFFFFFF), INT32_MAX);
  EXPECT_EQ(binary(0x80000000), -INT32_MAX);
}

TEST(DateTime, what_is_no_date) {
  for (const std::string bytes : {"",
                                  "2000-1-1",
                                  "2000-01-01 ",
                                  "2000-01-01 xyz",
                                  "2000-13-01",
                                  "2000-00-01",
                                  "2000-01-00",
                                  "2000-01-32",
                                  "2001-02-29",
                                  "1900-02-29",
                                  "0000-01-01",
                                  "-2000-01-01",
                                  "200-01-01",
                                  "20000101",
                                  "01/02/2000",
                                  "2000-01-01 00:00:00",
                                  "2000-01-01BC",
                                  "2000-01-01 BCE",
                                  "4714-11-23 BC",
                                  "5874898-01-01",
                                  "9999999-01-01",
                                  "99999999-01-01",
                                  "Infinity",
                                  "infinity "}) {
    expect_malformed(Form::text, type_oid::date, bytes);
  }
  expect_malformed(Form::binary, type_oid::date, be32(2145031949));
  expect_malformed(Form::binary, type_oid::date, be32(static_cast<std::uint32_t>(-2451546)));
  expect_malformed(Form::binary, type_oid::date, be(0));
}

TEST(DateTime, times) {
  const auto text = [](std::string_view bytes) { return value<std::int64_t>(Form::text, type_oid::time, bytes); };
  EXPECT_EQ(text("00:00:00"), 0);
  EXPECT_EQ(text("04:05:06.789"), (4 * 3600 + 5 * 60 + 6) * second + 789'000);
  EXPECT_EQ(text("23:59:59.999999"), us_per_day - 1);
  EXPECT_EQ(text("24:00:00"), us_per_day);
  EXPECT_EQ(value<std::int64_t>(Form::binary, type_oid::time, be(1)), 1);
  EXPECT_EQ(value<std::int64_t>(Form::binary, type_oid::time, be(us_per_day)), us_per_day);
  for (const std::string bytes :
       {"", "1:00:00", "00:00", "00:60:00", "00:00:60", "24:00:00.1", "24:00:01", "25:00:00", "00:00:00.",
        "00:00:00.1234567", "00:00:00 ", "-01:00:00", "04:05:06 PM", "00:00:00+00"}) {
    expect_malformed(Form::text, type_oid::time, bytes);
  }
  expect_malformed(Form::binary, type_oid::time, be(us_per_day + 1));
  expect_malformed(Form::binary, type_oid::time, be(static_cast<std::uint64_t>(-1)));
  expect_malformed(Form::binary, type_oid::time, be32(0));
}

TEST(DateTime, times_with_a_zone) {
  const auto text = [](std::string_view bytes) { return value<TimeTz>(Form::text, type_oid::timetz, bytes); };
  EXPECT_EQ(text("00:00:00+00"), (TimeTz{0, 0}));
  EXPECT_EQ(text("04:05:06.5-08"), (TimeTz{(4 * 3600 + 5 * 60 + 6) * second + 500'000, -8 * 3600}));
  EXPECT_EQ(text("12:00:00+05:30"), (TimeTz{12 * 3600 * second, 5 * 3600 + 30 * 60}));
  EXPECT_EQ(text("12:00:00+05:53:28"), (TimeTz{12 * 3600 * second, 5 * 3600 + 53 * 60 + 28}));
  EXPECT_EQ(text("24:00:00-00:00:01"), (TimeTz{us_per_day, -1}));
  EXPECT_EQ(text("24:00:00-15:59:59"), (TimeTz{us_per_day, -max_zone_seconds}));
  // On the wire, west is positive.
  EXPECT_EQ(value<TimeTz>(Form::binary, type_oid::timetz, be(0) + be32(8 * 3600)), (TimeTz{0, -8 * 3600}));
  for (const std::string bytes : {"", "00:00:00", "00:00:00+", "00:00:00+0", "00:00:00+00:", "00:00:00+00:60",
                                  "00:00:00+16", "00:00:00+00:00:00:00", "00:00:00 +00", "00:00:00Z", "25:00:00+00"}) {
    expect_malformed(Form::text, type_oid::timetz, bytes);
  }
  expect_malformed(Form::binary, type_oid::timetz, be(0) + be32(57600));
  expect_malformed(Form::binary, type_oid::timetz, be(0) + be32(0x80000000));
  expect_malformed(Form::binary, type_oid::timetz, be(us_per_day + 1) + be32(0));
  expect_malformed(Form::binary, type_oid::timetz, be(0));
}

TEST(DateTime, timestamps) {
  const auto text = [](std::string_view bytes) { return value<std::int64_t>(Form::text, type_oid::timestamp, bytes); };
  EXPECT_EQ(text("1970-01-01 00:00:00"), 0);
  EXPECT_EQ(text("1969-12-31 23:59:59.999999"), -1);
  EXPECT_EQ(text("2000-01-01 00:00:00.5"), 946'684'800'500'000);
  EXPECT_EQ(text("0044-03-15 12:00:00 BC"), (days_from_civil({-43, 3, 15}) * 86400 + 43200) * second);
  EXPECT_EQ(text("4714-11-24 00:00:00 BC"), (10957 - 2451545) * us_per_day);
  EXPECT_EQ(text("20000-12-31 00:00:00"), days_from_civil({20000, 12, 31}) * us_per_day);
  EXPECT_EQ(text("294247-01-10 04:00:54.775806"), INT64_MAX - 1);
  EXPECT_EQ(text("infinity"), INT64_MAX);
  EXPECT_EQ(text("-infinity"), -INT64_MAX);
  const auto binary = [](std::int64_t us) {
    return value<std::int64_t>(Form::binary, type_oid::timestamp, be(static_cast<std::uint64_t>(us)));
  };
  EXPECT_EQ(binary(0), 946'684'800'000'000);
  EXPECT_EQ(binary(-211813488000000000), (10957 - 2451545) * us_per_day);
  EXPECT_EQ(binary(INT64_MAX), INT64_MAX);
  EXPECT_EQ(binary(INT64_MIN), -INT64_MAX);
}

TEST(DateTime, timestamps_with_a_zone_are_in_utc) {
  const auto text = [](std::string_view bytes) {
    return value<std::int64_t>(Form::text, type_oid::timestamptz, bytes);
  };
  EXPECT_EQ(text("1970-01-01 00:00:00+00"), 0);
  EXPECT_EQ(text("1970-01-01 05:53:28+05:53:28"), 0);
  EXPECT_EQ(text("1969-12-31 16:00:00.000001-08"), 1);
  EXPECT_EQ(text("0001-01-01 00:30:00+00:30 BC"), -62'167'219'200 * second);
  EXPECT_EQ(text("infinity"), INT64_MAX);
  EXPECT_EQ(value<std::int64_t>(Form::binary, type_oid::timestamptz, be(1)), 946'684'800'000'001);
}

TEST(DateTime, timestamps_that_the_column_cannot_hold_go_to_the_overflow_column) {
  const std::string last = "294276-12-31 23:59:59.999999";
  EXPECT_EQ(overflow_text(Form::text, type_oid::timestamp, last), last);
  EXPECT_EQ(overflow_text(Form::text, type_oid::timestamptz, last + "+00"), last + "+00");
  EXPECT_EQ(overflow_text(Form::text, type_oid::timestamptz, "294276-12-31 23:59:59+00:30"),
            "294276-12-31 23:29:59+00");
}

// The bytes of the ends of PostgreSQL's own range.
TEST(DateTime, overflow_from_binary_is_what_postgres_prints) {
  const auto last = be(9'223'371'331'199'999'999);
  EXPECT_EQ(overflow_text(Form::binary, type_oid::timestamp, last), "294276-12-31 23:59:59.999999");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::timestamptz, last), "294276-12-31 23:59:59.999999+00");
  const auto first = be(static_cast<std::uint64_t>(-211813488000000000));
  const ValueLimits modern{.min_timestamp = 0, .max_timestamp = 4'102'444'800'000'000};
  const auto limited = [&](Oid oid, const std::string& bytes) {
    return overflow_text(Form::binary, oid, bytes, -1, modern);
  };
  EXPECT_EQ(limited(type_oid::timestamp, first), "4714-11-24 00:00:00 BC");
  EXPECT_EQ(limited(type_oid::timestamptz, first), "4714-11-24 00:00:00+00 BC");
  EXPECT_EQ(limited(type_oid::timestamp, be(static_cast<std::uint64_t>(-63'113'904'000'000'000 + 10))),
            "0001-01-01 00:00:00.00001 BC");
  EXPECT_EQ(limited(type_oid::timestamp, be(static_cast<std::uint64_t>(-63'082'281'600'000'000))),
            "0001-01-01 00:00:00");
  EXPECT_EQ(limited(type_oid::timestamp, be(static_cast<std::uint64_t>(-946'684'800'000'000))), "no overflow");
  EXPECT_EQ(limited(type_oid::timestamp, be(static_cast<std::uint64_t>(-946'684'800'000'001))),
            "1969-12-31 23:59:59.999999");
  EXPECT_EQ(limited(type_oid::timestamp, be(0x7FFFFFFFFFFFFFFF)), "no overflow");  // infinity is held
  EXPECT_EQ(overflow_text(Form::text, type_oid::timestamptz, "1960-01-01 00:00:00+01", -1, modern),
            "1959-12-31 23:00:00+00");
}

TEST(DateTime, the_instant_that_would_mean_infinity_goes_to_the_overflow_column) {
  EXPECT_EQ(overflow_text(Form::text, type_oid::timestamp, "294247-01-10 04:00:54.775807"),
            "294247-01-10 04:00:54.775807");
  EXPECT_EQ(overflow_text(Form::text, type_oid::timestamp, "294247-01-10 04:00:54.775808"),
            "294247-01-10 04:00:54.775808");
}

TEST(DateTime, what_the_destination_lacks_goes_to_the_overflow_column) {
  const ValueLimits modern{.min_date = 0, .max_date = 20'000, .infinite_times = false};
  const auto limited = [&](Form form, Oid oid, const std::string& bytes) {
    return overflow_text(form, oid, bytes, -1, modern);
  };
  EXPECT_EQ(limited(Form::text, type_oid::date, "1970-01-01"), "no overflow");
  EXPECT_EQ(limited(Form::text, type_oid::date, "1969-12-31"), "1969-12-31");
  EXPECT_EQ(limited(Form::text, type_oid::date, "0044-03-15 BC"), "0044-03-15 BC");
  EXPECT_EQ(limited(Form::text, type_oid::date, "5874897-12-31"), "5874897-12-31");
  EXPECT_EQ(limited(Form::text, type_oid::date, "infinity"), "infinity");
  EXPECT_EQ(limited(Form::binary, type_oid::date, from_hex("80000000")), "-infinity");
  EXPECT_EQ(limited(Form::text, type_oid::timestamptz, "-infinity"), "-infinity");
  EXPECT_EQ(limited(Form::binary, type_oid::timestamp, be(0x7FFFFFFFFFFFFFFF)), "infinity");
}

TEST(DateTime, what_is_no_timestamp) {
  for (const std::string bytes :
       {"", "2000-01-01", "2000-01-01T00:00:00", "2000-01-01 00:00", "2000-01-01 24:00:00", "2000-01-01 00:00:60",
        "2001-02-29 00:00:00", "2000-01-01 00:00:00 ", "2000-01-01 00:00:00+00", "2000-01-01 00:00:00BC",
        "2000-01-01 BC 00:00:00", "294277-01-01 00:00:00", "4714-11-23 23:59:59.999999 BC", "9999999-01-01 00:00:00",
        "now", "epoch"}) {
    expect_malformed(Form::text, type_oid::timestamp, bytes);
  }
  for (const std::string bytes : {"2000-01-01 00:00:00", "2000-01-01 00:00:00 UTC", "2000-01-01 00:00:00+16",
                                  "294276-12-31 23:59:59-01", "2000-01-01 00:00:00 BC+00", "2000-01-01 00:00:00+00 "}) {
    expect_malformed(Form::text, type_oid::timestamptz, bytes);
  }
  expect_malformed(Form::binary, type_oid::timestamp, be(9'223'371'331'200'000'000));
  expect_malformed(Form::binary, type_oid::timestamp, be(static_cast<std::uint64_t>(-211813488000000001)));
  expect_malformed(Form::binary, type_oid::timestamptz, be32(0));
}

std::string interval_bytes(std::int64_t us, std::int32_t days, std::int32_t months) {
  return be(static_cast<std::uint64_t>(us)) + be32(static_cast<std::uint32_t>(days)) +
         be32(static_cast<std::uint32_t>(months));
}

TEST(DateTime, intervals) {
  const auto text = [](std::string_view bytes) { return value<Interval>(Form::text, type_oid::interval, bytes); };
  EXPECT_EQ(text("00:00:00"), (Interval{0, 0, 0}));
  EXPECT_EQ(text("1 year 2 mons 3 days 04:05:06.789"), (Interval{14, 3, (4 * 3600 + 5 * 60 + 6) * second + 789'000}));
  EXPECT_EQ(text("1 mon"), (Interval{1, 0, 0}));
  EXPECT_EQ(text("-1 years -2 mons +3 days -04:05:06"), (Interval{-14, 3, -(4 * 3600 + 5 * 60 + 6) * second}));
  EXPECT_EQ(text("-1 days +02:03:00"), (Interval{0, -1, (2 * 3600 + 3 * 60) * second}));
  EXPECT_EQ(text("1 day"), (Interval{0, 1, 0}));
  EXPECT_EQ(text("-00:00:00.000001"), (Interval{0, 0, -1}));
  EXPECT_EQ(text("178956970 years 7 mons 2147483647 days 2562047788:00:54.775807"),
            (Interval{INT32_MAX, INT32_MAX, INT64_MAX}));
  EXPECT_EQ(text("-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808"),
            (Interval{INT32_MIN, INT32_MIN, INT64_MIN}));
  EXPECT_EQ(value<Interval>(Form::binary, type_oid::interval, interval_bytes(-5, 3, -14)), (Interval{-14, 3, -5}));
  EXPECT_EQ(value<Interval>(Form::binary, type_oid::interval, interval_bytes(INT64_MIN, INT32_MIN, INT32_MAX)),
            (Interval{INT32_MAX, INT32_MIN, INT64_MIN}));
}

TEST(DateTime, infinite_intervals_go_to_the_overflow_column) {
  EXPECT_EQ(overflow_text(Form::text, type_oid::interval, "infinity"), "infinity");
  EXPECT_EQ(overflow_text(Form::text, type_oid::interval, "-infinity"), "-infinity");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::interval, interval_bytes(INT64_MAX, INT32_MAX, INT32_MAX)),
            "infinity");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::interval, interval_bytes(INT64_MIN, INT32_MIN, INT32_MIN)),
            "-infinity");
}

TEST(DateTime, what_is_no_interval) {
  for (const std::string bytes : {"",
                                  "-",
                                  "1",
                                  "1 ",
                                  "1 year ",
                                  "1 fortnight",
                                  "1 yearz",
                                  "1year",
                                  "1 day 1 day",
                                  "1 day 1 mon",
                                  "1 mon 1 year",
                                  "00:00",
                                  "00:60:00",
                                  "00:00:60",
                                  "00:00:00 1 day",
                                  "00:00:00 ",
                                  "P1Y",
                                  "@ 1 day",
                                  "1 day ago",
                                  "2147483648 days",
                                  "-2147483649 days",
                                  "178956970 years 8 mons",
                                  "-178956970 years -9 mons",
                                  "2562047788:00:54.775808",
                                  "-2562047788:00:54.775809",
                                  "999999999999:00:00",
                                  "9999999999999:00:00",
                                  "00:00:00.1234567",
                                  "--00:00:01",
                                  "+-00:00:01"}) {
    expect_malformed(Form::text, type_oid::interval, bytes);
  }
  expect_malformed(Form::binary, type_oid::interval, "");
  expect_malformed(Form::binary, type_oid::interval, interval_bytes(0, 0, 0).substr(1));
  expect_malformed(Form::binary, type_oid::interval, interval_bytes(0, 0, 0) + '\0');
}

}  // namespace
}  // namespace walbrook::postgres
