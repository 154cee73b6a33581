// Arrow arrays into columns: what walbrook exported comes back unchanged, and arrays of others mean what the
// specification defines.
#include "arrow/arrow_import.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "arrow/arrow_export.h"
#include "test/unit/arrow/arrow_import_case.h"

namespace walbrook {
namespace {

using Values = std::vector<std::string>;

template <class T>
void expect_numbers(const std::string& format, std::initializer_list<T> values, const std::string& type,
                    const Values& shown) {
  SCOPED_TRACE(format);
  HandmadeArrow of(format, static_cast<std::int64_t>(values.size()));
  of.missing_buffer().buffer(values);
  expect_imported(of, type, shown);
  HandmadeArrow sliced(format, static_cast<std::int64_t>(values.size()));
  sliced.bits(std::string(values.size() - 1, '1') + "0").buffer(values).offset(1);
  auto rest = Values(shown.begin() + 1, shown.end());
  rest.back() = "NULL";
  expect_imported(sliced, type, rest);
}

TEST(ArrowImport, numbers) {
  expect_numbers<std::int8_t>("c", {-128, 127}, "int16", {"-128", "127"});
  expect_numbers<std::uint8_t>("C", {0, 255}, "int16", {"0", "255"});
  expect_numbers<std::int16_t>("s", {-32768, 7}, "int16", {"-32768", "7"});
  expect_numbers<std::uint16_t>("S", {65535, 7}, "int32", {"65535", "7"});
  expect_numbers<std::int32_t>("i", {INT32_MIN, 7}, "int32", {"-2147483648", "7"});
  expect_numbers<std::uint32_t>("I", {UINT32_MAX, 7}, "uint32", {"4294967295", "7"});
  expect_numbers<std::int64_t>("l", {INT64_MIN, 7}, "int64", {"-9223372036854775808", "7"});
  expect_numbers<std::uint64_t>("L", {UINT64_MAX, 7}, "uint64", {"18446744073709551615", "7"});
  expect_numbers<float>("f", {-0.5F, 2}, "float32", {"-0.500000", "2.000000"});
  expect_numbers<double>("g", {0.25, 2}, "float64", {"0.250000", "2.000000"});
  // 1, −2, 65504 (the largest), …; 2^−24 × 2^20 is below what six digits show, so the smallest one is tested below
  expect_numbers<std::uint16_t>("e", {0x3C00, 0xC000, 0x7BFF, 0x7C00, 0xFC00}, "float32",
                                {"1.000000", "-2.000000", "65504.000000", "inf", "-inf"});
  HandmadeArrow bools("b", 5);
  bools.bits("11011").bits("10101");
  expect_imported(bools, "boolean", {"t", "f", "NULL", "f", "t"});
  HandmadeArrow bytes("c", 3);
  bytes.missing_buffer().buffer<std::int8_t>({0, 1, -2}).extension("arrow.bool8");
  expect_imported(bytes, "boolean", {"f", "t", "t"});
}

TEST(ArrowImport, every_half_float_is_exact) {
  HandmadeArrow halves("e", 3);
  halves.missing_buffer().buffer<std::uint16_t>({0x0001, 0x8000, 0x7E00});
  HandmadeArrow batch("+s", 3);
  batch.missing_buffer().child(halves);
  batch.finish();
  const auto columns = read_arrow_schema(batch.schema);
  Column column(columns[0].type);
  ArrowRows(columns, batch.array, import_limits, 0).append(0, 0, 3, column);
  EXPECT_EQ(column.value<float>(0), std::ldexp(1.0F, -24));
  EXPECT_TRUE(std::signbit(column.value<float>(1)));
  EXPECT_TRUE(std::isnan(column.value<float>(2)));
}

TEST(ArrowImport, decimals_of_every_width) {
  expect_numbers<std::int32_t>("d:9,2,32", {-123456789, 5}, "decimal(9,2)", {"-123456789", "5"});
  expect_numbers<std::int64_t>("d:18,2,64", {-123456789, 5}, "decimal(18,2)", {"-123456789", "5"});
  expect_numbers<Int128>("d:38,9", {static_cast<Int128>(-12), 5}, "decimal(38,9)", {"-12", "5"});
  expect_numbers<Int128>("d:3,-2", {static_cast<Int128>(-12), 5}, "decimal(5,0)", {"-1200", "500"});
  expect_numbers<Int128>("d:2,4", {static_cast<Int128>(-12), 5}, "decimal(4,4)", {"-12", "5"});
  HandmadeArrow wide("d:76,3,256", 3);
  wide.missing_buffer().buffer<Int128>({7, 0, -7, -1, 0, 0});
  expect_imported(wide, "decimal(38,3)", {"7", "-7", "0"});
  HandmadeArrow beyond("d:76,3,256", 2);
  beyond.missing_buffer().buffer<Int128>({7, 0, 7, 1});
  expect_refused(beyond, ErrorKind::data, "column \"c\" of the stream, row 102: the number has more digits");
  HandmadeArrow more("d:4,2", 1);
  more.missing_buffer().buffer<Int128>({10'000});
  expect_refused(more, ErrorKind::data, "row 101: the number has more digits than decimal(4,2)");
  for (const std::string format : {"d:0,0", "d:77,0", "d:5", "d:5,2,99", "d:,", "d:50,45,256", "d:3,-40"}) {
    HandmadeArrow odd(format, 0);
    odd.missing_buffer().missing_buffer();
    expect_refused(odd, ErrorKind::configuration, "(Arrow format \"" + format + "\")");
  }
}

TEST(ArrowImport, dates_and_times) {
  expect_numbers<std::int32_t>("tdD", {INT32_MAX, -INT32_MAX, 3}, "date", {"2147483647", "-2147483647", "3"});
  expect_numbers<std::int64_t>("tdm", {-86'400'000, 172'800'000}, "date", {"-1", "2"});
  expect_numbers<std::int32_t>("tts", {86'400, 1}, "time", {"86400000000", "1000000"});
  expect_numbers<std::int32_t>("ttm", {1, 2}, "time", {"1000", "2000"});
  expect_numbers<std::int64_t>("ttu", {1, 2}, "time", {"1", "2"});
  expect_numbers<std::int64_t>("ttn", {1000, 2000}, "time", {"1", "2"});
  expect_numbers<std::int64_t>("tss:", {-1, 1, largest}, "timestamp", {"-1000000", "1000000", std::to_string(largest)});
  expect_numbers<std::int64_t>("tsm:UTC", {-1, 1}, "timestamp_tz", {"-1000", "1000"});
  expect_numbers<std::int64_t>("tsu:Europe/Berlin", {-largest, 1}, "timestamp_tz", {std::to_string(-largest), "1"});
  expect_numbers<std::int64_t>("tsn:", {-1000, 2000}, "timestamp", {"-1", "2"});
  expect_numbers<std::int64_t>("tDs", {-1, 2}, "interval", {"0/0/-1000000", "0/0/2000000"});
  expect_numbers<std::int64_t>("tDn", {-1000, 2000}, "interval", {"0/0/-1", "0/0/2"});
  expect_numbers<std::int32_t>("tiM", {-1, 2}, "interval", {"-1/0/0", "2/0/0"});
  HandmadeArrow day_times("tiD", 1);
  day_times.missing_buffer().buffer<std::int32_t>({-3, 5});
  expect_imported(day_times, "interval", {"0/-3/5000"});
  HandmadeArrow month_nanos("tin", 1);
  month_nanos.missing_buffer().buffer<std::int32_t>({1, -2, 3000, 0});
  expect_imported(month_nanos, "interval", {"1/-2/3"});
}

template <class T>
void expect_no_time(const std::string& format, T value, const std::string& part) {
  HandmadeArrow of(format, 2);
  of.missing_buffer().buffer<T>({0, value});
  expect_refused(of, ErrorKind::data, "column \"c\" of the stream, row 102: ");
  expect_refused(of, ErrorKind::data, part);
}

TEST(ArrowImport, no_time_is_rounded_or_wraps_around) {
  expect_no_time<std::int64_t>("tsn:", 1, "1 ns are not a whole microsecond");
  expect_no_time<std::int64_t>("tsn:", largest, "not a whole microsecond");
  expect_no_time<std::int64_t>("ttn", 999, "not a whole microsecond");
  expect_no_time<std::int64_t>("tDn", -1, "not a whole microsecond");
  expect_no_time<std::int64_t>("tss:", largest - 1, "more than 64 bits");
  expect_no_time<std::int64_t>("tDs", largest, "more than 64 bits");
  expect_no_time<std::int64_t>("tsu:", largest - 1, "outside of what the destination's timestamps can be");
  expect_no_time<std::int64_t>("tsu:", INT64_MIN, "outside");
  expect_no_time<std::int32_t>("tdD", INT32_MIN, "outside of what the destination's dates can be");
  expect_no_time<std::int64_t>("tdm", 86'399'999, "not a whole day");
  expect_no_time<std::int64_t>("tdm", INT64_MIN / 86'400'000 * 86'400'000, "outside");
  expect_no_time<std::int64_t>("ttu", 86'400'000'001, "not a time of a day");
  expect_no_time<std::int32_t>("tts", -1, "not a time of a day");
}

TEST(ArrowImport, texts_and_bytes) {
  HandmadeArrow small("u", 4);
  small.bits("1101")
      .buffer<std::int32_t>({0, 1, 3, 3, 7})
      .text(
          "aä"
          "Grün");
  expect_imported(small, "utf8", {"a", "ä", "NULL", "Grü"});
  HandmadeArrow large("Z", 3);
  large.missing_buffer().buffer<std::int64_t>({1, 2, 2, 4}).text(std::string("x\xff\0\1", 4));
  expect_imported(large, "binary", {"\xff", "", std::string("\0\1", 2)});
  HandmadeArrow fixed("w:2", 2);
  fixed.missing_buffer().text("abcd");
  expect_imported(fixed, "binary", {"ab", "cd"});
  HandmadeArrow uuid("w:16", 1);
  uuid.missing_buffer().text("0123456789abcdef").extension("arrow.uuid");
  expect_imported(uuid, "uuid", {"0123456789abcdef"});
  HandmadeArrow json("u", 1);
  json.missing_buffer().buffer<std::int32_t>({0, 2}).text("{}").extension("arrow.json");
  expect_imported(json, "json", {"{}"});
  HandmadeArrow views("vu", 3);
  views.missing_buffer().text(std::string("\3\0\0\0abc\0\0\0\0\0\0\0\0\0", 16) +
                              std::string("\x0d\0\0\0aaaa\0\0\0\0\2\0\0\0", 16) + std::string(16, '\0'));
  views.text("..aaaaaaaaaaaaZ").buffer<std::int64_t>({15});
  expect_imported(views, "utf8", {"abc", "aaaaaaaaaaaaZ", ""});
  HandmadeArrow latin("u", 2);
  latin.missing_buffer().buffer<std::int32_t>({0, 1, 2}).text("a\xe4");
  expect_refused(latin, ErrorKind::data, "row 102: the text is not UTF-8");
}

TEST(ArrowImport, nested_values) {
  HandmadeArrow numbers("i", 6, "item");
  numbers.bits("110111").buffer({1, 2, 3, 4, 5, 6}).offset(1);
  HandmadeArrow lists("+l", 4);
  lists.bits("1011").buffer<std::int32_t>({0, 2, 2, 2, 5}).child(numbers);
  expect_imported(lists, "list(int32)", {"[2 ,NULL ]", "NULL", "[]", "[4 ,5 ,6 ]"});
  HandmadeArrow views("+vl", 3);
  views.missing_buffer().buffer({3, 0, 0}).buffer({2, 1, 0}).child(numbers);
  expect_imported(views, "list(int32)", {"[5 ,6 ]", "[2 ]", "[]"});
  HandmadeArrow pairs("+w:2", 2);
  pairs.bits("10").child(numbers);
  expect_imported(pairs, "list(int32)", {"[2 ,NULL ]", "NULL"});
  HandmadeArrow parts("+s", 3);
  parts.bits("1101").child(numbers).offset(1);
  expect_imported(parts, "structure(\"item\" int32)", {"(NULL )", "NULL"});
}

TEST(ArrowImport, maps_have_each_key_once_and_none_is_null) {
  HandmadeArrow keys("s", 3, "key");
  keys.missing_buffer().buffer<std::int16_t>({1, 2, 1});
  HandmadeArrow values("b", 3, "value");
  values.bits("011").bits("111");
  HandmadeArrow entries("+s", 3, "entries");
  entries.missing_buffer().child(keys).child(values);
  HandmadeArrow maps("+m", 3);
  maps.missing_buffer().buffer<std::int32_t>({0, 2, 3, 3}).child(entries);
  expect_imported(maps, "map(int16, boolean)", {"[1 NULL ,2 t ]", "[1 t ]", "[]"});
  HandmadeArrow twice("+m", 1);
  twice.missing_buffer().buffer<std::int32_t>({0, 3}).child(entries);
  expect_refused(twice, ErrorKind::data, "row 101: the map has a key twice");
  HandmadeArrow no_keys("s", 3, "key");
  no_keys.bits("101").buffer<std::int16_t>({1, 2, 1});
  HandmadeArrow without("+s", 3, "entries");
  without.missing_buffer().child(no_keys).child(values);
  HandmadeArrow null_key("+m", 1);
  null_key.missing_buffer().buffer<std::int32_t>({0, 2}).child(without);
  expect_refused(null_key, ErrorKind::data, "a key of the map is NULL");
}

TEST(ArrowImport, dictionaries_are_decoded) {
  HandmadeArrow words("u", 3);
  words.bits("110").buffer<std::int32_t>({0, 1, 3, 3}).text("abb");
  HandmadeArrow signed_ones("c", 4);
  signed_ones.bits("1101").buffer<std::int8_t>({1, 0, 9, 2}).dictionary(words);
  expect_imported(signed_ones, "utf8", {"bb", "a", "NULL", "NULL"});
  HandmadeArrow wide("L", 2);
  wide.missing_buffer().buffer<std::uint64_t>({1, 0}).dictionary(words);
  expect_imported(wide, "utf8", {"bb", "a"});
  HandmadeArrow beyond("s", 2);
  beyond.missing_buffer().buffer<std::int16_t>({0, 3}).dictionary(words);
  expect_refused(beyond, ErrorKind::data, "row 102: index 3 into a dictionary of 3 values");
  HandmadeArrow negative("c", 1);
  negative.missing_buffer().buffer<std::int8_t>({-1}).dictionary(words);
  expect_refused(negative, ErrorKind::data, "index -1");
  HandmadeArrow none("c", 1);
  none.missing_buffer().buffer<std::int8_t>({0}).dictionary(words);
  none.array.dictionary = nullptr;
  expect_refused(none, ErrorKind::data, "dictionary is missing");
}

// ---- walbrook's own export ----

TEST(ArrowImport, what_was_exported_comes_back) {
  const PhysicalType list{.layout = Layout::list, .children = {{Layout::utf8}}, .names = {}};
  const std::vector<PhysicalType> types = {
      {Layout::boolean},
      {Layout::int16},
      {Layout::int32},
      {Layout::int64},
      {Layout::uint32},
      {Layout::uint64},
      {Layout::float32},
      {Layout::float64},
      {Layout::decimal, 20, 5},
      {Layout::utf8},
      {Layout::json},
      {Layout::binary},
      {Layout::uuid},
      {Layout::date},
      {Layout::time},
      {Layout::timestamp},
      {Layout::timestamp_tz},
      list,
      {.layout = Layout::structure, .children = {{Layout::int32}, list}, .names = {"a", "b"}},
      {.layout = Layout::map, .children = {{Layout::utf8}, {Layout::int64}}, .names = {}}};
  const std::function<void(Column&, int)> append = [&append](Column& column, int n) {
    const auto layout = column.type().layout;
    if (layout == Layout::list || layout == Layout::map) {
      for (int i = 0; i < n; ++i) {
        for (auto& child : column.children()) append(child, n * 10 + i);
      }
      column.close_list();
    } else if (layout == Layout::structure) {
      for (auto& child : column.children()) append(child, n);
      column.close_structure();
    } else if (is_variable_width(layout)) {
      column.append_bytes("value " + std::to_string(n));
    } else {
      std::string bytes(value_width(layout), '\0');
      bytes[0] = static_cast<char>(layout == Layout::boolean ? n % 2 : n);
      column.append_bytes(bytes);
    }
  };
  for (const auto& type : types) {
    SCOPED_TRACE(to_string(type));
    Column column(type);
    for (int n = 0; n < 20; ++n) {
      if (n % 3 == 1) {
        column.append_null();
      } else {
        append(column, n);
      }
    }
    const auto schema = export_schema({{"c", type}});
    const auto array = export_rows({{&column, 4}}, 16);
    const auto columns = read_arrow_schema(schema.raw);
    EXPECT_EQ(columns.at(0).type, type);
    Column back(type);
    ArrowRows(columns, array.raw, import_limits, 0).append(0, 2, 16, back);
    ASSERT_EQ(back.size(), 14U);
    for (std::size_t row = 0; row < back.size(); ++row) EXPECT_TRUE(back.same_value(row, column, row + 6)) << row;
  }
}

}  // namespace
}  // namespace walbrook
