#include "test/contract/layout_cases.h"

#include <cstdint>
#include <limits>

namespace walbrook::contract {
namespace {

constexpr std::int64_t infinity64 = std::numeric_limits<std::int64_t>::max();
constexpr int infinity32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t day = 86'400'000'000;

Int128 power_of_ten(int exponent) {
  Int128 out = 1;
  while (exponent-- > 0) out *= 10;
  return out;
}

std::string uuid_bytes(unsigned char first, unsigned char rest) {
  std::string out(16, static_cast<char>(rest));
  out[0] = static_cast<char>(first);
  return out;
}

std::string sevens(int count) {
  std::string out = "[7";
  while (--count > 0) out += ", 7";
  return out + "]";
}

}  // namespace

std::vector<LayoutCase> layout_cases() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const std::string nines38(38, '9');
  return {
      {"boolean", {Layout::boolean}, {{true, "true"}, {false, "false"}}},
      {"int16", {Layout::int16}, {{-32768, "-32768"}, {32767, "32767"}, {0, "0"}}},
      {"int32", int4, {{std::numeric_limits<int>::min(), "-2147483648"}, {infinity32, "2147483647"}}},
      {"int64",
       int8,
       {{std::numeric_limits<std::int64_t>::min(), "-9223372036854775808"}, {infinity64, "9223372036854775807"}}},
      {"uint32", {Layout::uint32}, {{std::uint64_t{4294967295}, "4294967295"}, {0, "0"}}},
      {"uint64", {Layout::uint64}, {{std::numeric_limits<std::uint64_t>::max(), "18446744073709551615"}}},
      {"float32",
       {Layout::float32},
       {{nan, "nan"},
        {inf, "inf"},
        {-inf, "-inf"},
        {-0.0, "-0.0"},
        {0.0, "0.0"},
        {1.401298464324817e-45, "1e-45"},
        {3.4028234663852886e38, "3.4028235e+38"}}},
      {"float64",
       {Layout::float64},
       {{nan, "nan"},
        {inf, "inf"},
        {-inf, "-inf"},
        {-0.0, "-0.0"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {0.1, "0.1"}}},
      {"decimal4", {Layout::decimal, 4, 2}, {{9999, "99.99"}, {-9999, "-99.99"}, {1, "0.01"}}},
      {"decimal9", {Layout::decimal, 9, 0}, {{999'999'999, "999999999"}, {-999'999'999, "-999999999"}}},
      {"decimal18",
       {Layout::decimal, 18, 18},
       {{std::int64_t{999'999'999'999'999'999}, ".999999999999999999"}, {-1, "-.000000000000000001"}}},
      {"decimal38",
       {Layout::decimal, 38, 0},
       {{power_of_ten(38) - 1, nines38}, {1 - power_of_ten(38), "-" + nines38}, {0, "0"}}},
      {"decimal38_38",
       {Layout::decimal, 38, 38},
       {{power_of_ten(38) - 1, "." + nines38}, {-1, "-." + std::string(37, '0') + "1"}}},
      {"decimal38_9",
       numeric,
       {{power_of_ten(38) - 1, std::string(29, '9') + "." + std::string(9, '9')}, {-1'500'000'000, "-1.500000000"}}},
      {"utf8",
       text,
       {{std::string(), ""},
        {std::string("twelve bytes"), "twelve bytes"},
        {std::string("thirteen byte"), "thirteen byte"},
        {std::string("\xF0\x9F\x98\x80 \xE2\x82\xAC e\xCC\x81 \xEF\xBF\xBE"),
         "\xF0\x9F\x98\x80 \xE2\x82\xAC e\xCC\x81 \xEF\xBF\xBE"},
        {std::string("NULL"), "NULL"},
        {std::string("a'b\"c\\d\n"), "a'b\"c\\d\n"},
        {std::string(300'000, 'x'), std::string(300'000, 'x')}}},
      {"json",
       {Layout::json},
       {{std::string("{\"a\" :  1.0, \"a\":12345678901234567890123 }"),
         "{\"a\" :  1.0, \"a\":12345678901234567890123 }"},
        {std::string("null"), "null"}}},
      {"binary", {Layout::binary}, {{std::string(), ""}, {std::string("\x00\xFF'a\\", 5), "\\x00\\xFF\\x27a\\x5C"}}},
      {"uuid",
       {Layout::uuid},
       {{uuid_bytes(0, 0), "00000000-0000-0000-0000-000000000000"},
        {uuid_bytes(0x7F, 0xFF), "7fffffff-ffff-ffff-ffff-ffffffffffff"},
        {uuid_bytes(0x80, 0x01), "80010101-0101-0101-0101-010101010101"},
        {uuid_bytes(0xFF, 0xFE), "fffefefe-fefe-fefe-fefe-fefefefefefe"}}},
      {"date",
       {Layout::date},
       {{0, "1970-01-01"},
        {infinity32, "infinity"},
        {-infinity32, "-infinity"},
        {-2440588, "4714-11-24 (BC)"},
        {2145042905, "5874897-12-31"},
        {-719163, "0001-12-31 (BC)"}}},
      {"time", {Layout::time}, {{0, "00:00:00"}, {day, "24:00:00"}, {day - 1, "23:59:59.999999"}}},
      {"time_tz",
       {Layout::time_tz},
       {{TimeTz{day, 0}, "24:00:00+00"},
        {TimeTz{1, 57599}, "00:00:00.000001+15:59:59"},
        {TimeTz{0, -57599}, "00:00:00-15:59:59"},
        {TimeTz{day / 2, 5 * 3600 + 1800}, "12:00:00+05:30"}}},
      {"timestamp",
       {Layout::timestamp},
       {{0, "1970-01-01 00:00:00"},
        {infinity64, "infinity"},
        {-infinity64, "-infinity"},
        {std::int64_t{-210866803200000000}, "4714-11-24 (BC) 00:00:00"},
        {std::int64_t{9007199254740991000}, "287396-10-12 08:59:00.991"},
        {std::int64_t{253402300800000001}, "10000-01-01 00:00:00.000001"}}},
      {"timestamp_tz",
       {Layout::timestamp_tz},
       {{1, "1970-01-01 00:00:00.000001+00"},
        {infinity64, "infinity"},
        {-infinity64, "-infinity"},
        {std::int64_t{-210866803200000000}, "4714-11-24 (BC) 00:00:00+00"},
        {std::int64_t{9007199254740991000}, "287396-10-12 08:59:00.991+00"}}},
      {"interval",
       {Layout::interval},
       {{Interval{0, 0, 0}, "00:00:00"},
        {Interval{14, -3, 1}, "1 year 2 months -3 days 00:00:00.000001"},
        {Interval{std::numeric_limits<int>::min(), infinity32, -1},
         "-178956970 years -8 months 2147483647 days -00:00:00.000001"}}},
      {"bit",
       {Layout::bit},
       {{std::string("\x05\xFD", 2), "101"},
        {std::string("\0\x0F", 2), "00001111"},
        {std::string("\x07\xFF\0", 3), "100000000"}}},
      {"list",
       {Layout::list, 0, 0, {int4}},
       {{Parts{}, "[]"},
        {Parts{{1, Null{}, -3}}, "[1, NULL, -3]"},
        {Parts{{Null{}}}, "[NULL]"},
        {Parts{std::vector<Cell>(5000, Cell{7})}, sevens(5000)}}},
      {"list_of_text",
       {Layout::list, 0, 0, {text}},
       {{Parts{{std::string(), std::string("a string longer than twelve bytes"), Null{}}},
         "['', a string longer than twelve bytes, NULL]"},
        {Parts{{std::string("NULL")}}, "['NULL']"}}},
      {"list_of_decimal",
       {Layout::list, 0, 0, {{Layout::decimal, 9, 2}}},
       {{Parts{{Int128{-5}, Null{}, Int128{123456789}}}, "[-0.05, NULL, 1234567.89]"}}},
      {"structure",
       {Layout::structure, 0, 0, {int4, text, {Layout::list, 0, 0, {text}}}, {"a", "A", "c \"x\""}},
       {{Parts{{1, std::string("x"), Parts{{std::string("y"), Null{}}}}}, "{'a': 1, 'A_2': x, 'c \"x\"': [y, NULL]}"},
        {Parts{{Null{}, Null{}, Null{}}}, "{'a': NULL, 'A_2': NULL, 'c \"x\"': NULL}"}}},
      {"list_of_structure",
       {Layout::list, 0, 0, {{Layout::structure, 0, 0, {{Layout::float64}, {Layout::interval}}, {"f", "i"}}}},
       {{Parts{{Parts{{-0.0, Interval{1, 0, 0}}}, Null{}}}, "[{'f': -0.0, 'i': 1 month}, NULL]"},
        {Parts{{Parts{{0.0, Interval{1, 0, 0}}}, Null{}}}, "[{'f': 0.0, 'i': 1 month}, NULL]"},
        {Parts{{Parts{{0.0, Interval{0, 30, 0}}}, Null{}}}, "[{'f': 0.0, 'i': 30 days}, NULL]"}}},
      {"map",
       {Layout::map, 0, 0, {text, text}},
       {{Parts{}, "{}"}, {Parts{{std::string("a"), Null{}, std::string("b c"), std::string("d")}}, "{a=NULL, b c=d}"}}},
  };
}

}  // namespace walbrook::contract
