// Values of every layout come back exactly as they were given, by a copy and by a merge.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

struct Sample {
  Cell value;
  std::string text;  // as the destination prints it
};
struct LayoutCase {
  std::string name;
  PhysicalType type;
  std::vector<Sample> samples;
};

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

class ValueTest : public ContractTest {};

TEST_P(ValueTest, p4_every_layout_round_trips) {
  open();
  Oid oid = 17000;
  for (const auto& each : layout_cases()) {
    SCOPED_TRACE(each.name);
    const auto schema = table("t_" + each.name, {{"id", int4, key}, {"v", each.type}}, ++oid);
    std::vector<std::vector<Cell>> copied{{-1, Null{}}};
    Effect effect(schema);
    effect.insert({-2, Null{}});
    Strings expected;
    for (std::size_t i = 0; i < each.samples.size(); ++i) {
      const auto id = static_cast<int>(i);
      copied.push_back({id, each.samples[i].value});
      effect.replace({id, each.samples[i].value}).insert({id + 1000, each.samples[i].value});
      expected.push_back(each.samples[i].text);
    }
    const auto record = create(schema, copied);
    const auto values = [&](const std::string& where) {
      return ask("SELECT v FROM public." + schema->name + " WHERE " + where + " ORDER BY id");
    };
    EXPECT_EQ(values("id >= 0"), expected) << "copied";
    EXPECT_EQ(values("id < 0"), Strings{"-"});
    merge(record, effect);
    EXPECT_EQ(values("id BETWEEN 0 AND 999"), expected) << "merged";
    EXPECT_EQ(values("id >= 1000"), expected) << "merged by insert";
    EXPECT_EQ(values("id < 0"), (Strings{"-", "-"}));
  }
}

TEST_P(ValueTest, every_layout_can_be_a_key_and_content) {
  open();
  Oid oid = 18000;
  for (const auto& each : layout_cases()) {
    SCOPED_TRACE(each.name);
    const auto keyed = table("k_" + each.name, {{"v", each.type, key}, {"n", int4}}, ++oid);
    const auto heap = table("h_" + each.name, {{"v", each.type}}, ++oid);
    std::vector<std::vector<Cell>> keyed_rows;
    std::vector<std::vector<Cell>> heap_rows;
    for (std::size_t i = 0; i < each.samples.size(); ++i) {
      keyed_rows.push_back({each.samples[i].value, static_cast<int>(i)});
      heap_rows.push_back({each.samples[i].value});
      heap_rows.push_back({each.samples[i].value});
    }
    const auto keyed_record = create(keyed, keyed_rows);
    const auto heap_record = create(heap, heap_rows);
    for (std::size_t i = 0; i < each.samples.size(); ++i) {
      // 0.0 and -0.0 are one key, as in the source, and so are 1 month and 30 days; there only one of them could stand.
      if (each.samples[i].text == "0.0" || each.samples[i].text == "-0.0") continue;
      if (each.name != "list_of_structure") {
        EXPECT_EQ(merge(keyed_record, Effect(keyed).replace({each.samples[i].value, 100})).removed, 1U)
            << each.samples[i].text;
      }
      EXPECT_EQ(merge(heap_record, Effect(heap).remove({each.samples[i].value}, 1)).removed, 1U)
          << each.samples[i].text;
    }
  }
}

TEST_P(ValueTest, uuids_order_as_in_the_source) {
  open();
  const auto schema = table("ids", {{"u", {Layout::uuid}, key}});
  create(schema, {{uuid_bytes(0xFF, 0)}, {uuid_bytes(0, 1)}, {uuid_bytes(0x80, 0)}, {uuid_bytes(0x7F, 0)}});
  EXPECT_EQ(ask("SELECT substr(u::VARCHAR, 1, 2) FROM public.ids ORDER BY u"), (Strings{"00", "7f", "80", "ff"}));
}

TEST_P(ValueTest, nulls_and_values_across_chunk_borders) {
  open();
  const auto schema =
      table("wide", {{"id", int4, key}, {"a", {Layout::int16}}, {"b", text}, {"c", {Layout::decimal, 9, 2}}});
  constexpr int count = 10'000;
  RowBatch batch(schema);
  for (int i = 0; i < count; ++i) {
    const auto cell = [i](int every, Cell value) { return i % every == 0 ? Cell{Null{}} : value; };
    append(batch, Op::insert,
           {i, cell(3, i % 1000), cell(5, std::string(static_cast<std::size_t>(i % 40), 'x')), cell(7, i)});
  }
  const auto table = create(schema);
  RowOperations effect;
  effect.schema = schema;
  effect.keyed = true;
  // Every third row alone, then the others in runs of two, then all again by the copy's path.
  for (std::uint32_t i = 0; i < count; i += 3) effect.append.push_back({&batch, i});
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i % 3 != 0) effect.append.push_back({&batch, i});
  }
  merge(table, effect);
  const std::string wrong =
      "SELECT count(*) FROM public.wide WHERE a IS DISTINCT FROM CASE WHEN id % 3 <> 0 THEN id % 1000 END OR b IS "
      "DISTINCT FROM "
      "CASE WHEN id % 5 <> 0 THEN repeat('x', id % 40) END OR c IS DISTINCT FROM CASE WHEN id % 7 <> 0 THEN id / 100 "
      "END";
  EXPECT_EQ(ask(wrong), Strings{"0"});
  const auto again = begin_copy(destination(), table, schema);
  again->append(0, batch);
  again->finish();
  load(0x9000, [&](Transaction& load) { load.swap_in(table); });
  EXPECT_EQ(ask(wrong), Strings{"0"});
  EXPECT_EQ(ask("SELECT count(*), count(DISTINCT id) FROM public.wide"), Strings{"10000|10000"});
}

TEST_P(ValueTest, sixteen_hundred_columns) {
  open();
  TableSchema wide = *table("wide", {{"c0", int4, key}});
  std::vector<Cell> row{1};
  for (int i = 1; i < 1600; ++i) {
    wide.columns.push_back({.name = "c" + std::to_string(i), .type = int4});
    row.emplace_back(i);
  }
  const auto schema = std::make_shared<const TableSchema>(wide);
  const auto record = create(schema, {row});
  merge(record, Effect(schema).replace(row));
  EXPECT_EQ(ask("SELECT c0, c1, c1599 FROM public.wide"), Strings{"1|1|1599"});
}

TEST_P(ValueTest, p4_text_that_is_no_utf8_is_refused) {
  open();
  const auto schema = table("latin", {{"id", int4, key}, {"v", text}});
  const auto record = create(schema, {{1, "kept"}});
  for (const std::string bad : {"\xE9t\xE9", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "cut \xE2\x82"}) {
    EXPECT_EQ(error_of([&] {
                merge(record, Effect(schema).insert({2, bad}));
              }),
              "data: a value of column \"v\" of table public.latin is not UTF-8");
  }
  EXPECT_EQ(ask("SELECT v FROM public.latin"), Strings{"kept"});
}

TEST_P(ValueTest, limits_say_what_timestamps_can_hold) {
  open();
  const auto limits = destination().capabilities().values;
  EXPECT_LE(limits.min_timestamp, -210866803200000000) << "PostgreSQL's first instant, 4714-11-24 BC";
  const auto schema = table("edges", {{"id", int4, key}, {"a", {Layout::timestamp}}, {"b", {Layout::timestamp_tz}}});
  create(schema, {{1, limits.min_timestamp, limits.min_timestamp}, {2, limits.max_timestamp, limits.max_timestamp}});
  EXPECT_EQ(ask("SELECT epoch_us(a), epoch_us(b), a::VARCHAR || '+00' = b::VARCHAR FROM public.edges ORDER BY id"),
            (Strings{std::to_string(limits.min_timestamp) + "|" + std::to_string(limits.min_timestamp) + "|true",
                     std::to_string(limits.max_timestamp) + "|" + std::to_string(limits.max_timestamp) + "|true"}));
}

INSTANTIATE_TEST_SUITE_P(Contract, ValueTest, testing::ValuesIn(kinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
