// Booleans, numbers, strings, bytea and uuid: golden values of both formats.
#include "postgres/values/values.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/utf8.h"
#include "test/unit/postgres/parsing.h"

namespace walbrook::postgres {
namespace {

TEST(Values, every_type_has_the_parsers_that_the_schema_promises) {
  for (Oid oid = 1; oid < 6000; ++oid) {
    const auto type = built_in_type(oid);
    const auto parsers = parsers_for(type, physical_type(type, -1, no_limits));
    EXPECT_NE(parsers.text, nullptr) << oid;
    EXPECT_EQ(parsers.binary != nullptr, has_binary_parser(type)) << oid;
  }
  EXPECT_NE(parsers_for(20001, true, {Layout::utf8}).binary, nullptr);
  EXPECT_EQ(parsers_for(20001, false, {Layout::utf8}).binary, nullptr);
}

TEST(Values, a_layout_that_is_not_the_types_own) {
  EXPECT_NE(parsers_for(type_oid::numeric, false, {Layout::utf8}).text, nullptr);
  EXPECT_EQ(parsers_for(type_oid::numeric, false, {Layout::utf8}).binary, nullptr);
  EXPECT_EQ(parsers_for(type_oid::float8, false, {Layout::int32}).text, nullptr);
  EXPECT_EQ(parsers_for(type_oid::numeric, false, {Layout::int32}).binary, nullptr);
  EXPECT_EQ(parsers_for(type_oid::text, false, {Layout::binary}).text, nullptr);
}

TEST(Values, booleans) {
  EXPECT_EQ(value<std::uint8_t>(Form::text, type_oid::boolean, "t"), 1);
  EXPECT_EQ(value<std::uint8_t>(Form::text, type_oid::boolean, "f"), 0);
  EXPECT_EQ(value<std::uint8_t>(Form::binary, type_oid::boolean, from_hex("01")), 1);
  EXPECT_EQ(value<std::uint8_t>(Form::binary, type_oid::boolean, from_hex("00")), 0);
  for (const std::string text : {"", "true", "T", "1", "t ", " t"}) {
    expect_malformed(Form::text, type_oid::boolean, text);
  }
  for (const std::string hex : {"", "02", "74", "0001"}) {
    expect_malformed(Form::binary, type_oid::boolean, from_hex(hex));
  }
}

TEST(Values, integers) {
  EXPECT_EQ(value<std::int16_t>(Form::text, type_oid::int2, "-32768"), -32768);
  EXPECT_EQ(value<std::int32_t>(Form::text, type_oid::int4, "2147483647"), 2147483647);
  EXPECT_EQ(value<std::int64_t>(Form::text, type_oid::int8, "-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(value<std::uint32_t>(Form::text, type_oid::oid, "4294967295"), 4294967295U);
  EXPECT_EQ(value<std::uint64_t>(Form::text, type_oid::xid8, "18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(value<std::int16_t>(Form::binary, type_oid::int2, from_hex("8000")), -32768);
  EXPECT_EQ(value<std::int32_t>(Form::binary, type_oid::int4, from_hex("7FFFFFFF")), 2147483647);
  EXPECT_EQ(value<std::int64_t>(Form::binary, type_oid::int8, from_hex("8000000000000000")), INT64_MIN);
  EXPECT_EQ(value<std::uint32_t>(Form::binary, type_oid::oid, from_hex("FFFFFFFF")), 4294967295U);
  EXPECT_EQ(value<std::uint64_t>(Form::binary, type_oid::xid8, from_hex("FFFFFFFFFFFFFFFF")), UINT64_MAX);
}

TEST(Values, integers_out_of_range_or_with_anything_around_them) {
  expect_malformed(Form::text, type_oid::int2, "32768");
  expect_malformed(Form::text, type_oid::int4, "-2147483649");
  expect_malformed(Form::text, type_oid::int8, "9223372036854775808");
  expect_malformed(Form::text, type_oid::oid, "4294967296");
  expect_malformed(Form::text, type_oid::oid, "-1");
  expect_malformed(Form::text, type_oid::xid8, "18446744073709551616");
  for (const std::string text : {"", " 1", "1 ", "+1", "1.0", "0x1", "1e3", "--1", "-"}) {
    expect_malformed(Form::text, type_oid::int4, text);
  }
  for (const Oid oid : {type_oid::int2, type_oid::int4, type_oid::int8, type_oid::oid, type_oid::xid8}) {
    for (const std::string hex : {"", "01", "000001", "0000000001", "000000000000000001"}) {
      expect_malformed(Form::binary, oid, from_hex(hex));
    }
  }
}

template <class Float>
auto bits(Float value) {
  if constexpr (sizeof(Float) == 4) return std::bit_cast<std::uint32_t>(value);
  if constexpr (sizeof(Float) == 8) return std::bit_cast<std::uint64_t>(value);
}

TEST(Values, floats_keep_every_bit) {
  const auto text8 = [](std::string_view text) { return bits(value<double>(Form::text, type_oid::float8, text)); };
  EXPECT_EQ(text8("-0"), bits(-0.0));
  EXPECT_EQ(text8("0.1"), bits(0.1));
  EXPECT_EQ(text8("1e+15"), bits(1e15));
  EXPECT_EQ(text8("5e-324"), bits(5e-324));
  EXPECT_EQ(text8("2.2250738585072009e-308"), bits(2.2250738585072009e-308));
  EXPECT_EQ(text8("1.7976931348623157e+308"), bits(1.7976931348623157e308));
  EXPECT_EQ(text8("Infinity"), bits(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(text8("-Infinity"), bits(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(text8("NaN"), bits(std::numeric_limits<double>::quiet_NaN()));
  const auto text4 = [](std::string_view text) { return bits(value<float>(Form::text, type_oid::float4, text)); };
  EXPECT_EQ(text4("-0"), bits(-0.0F));
  EXPECT_EQ(text4("1e-45"), bits(1e-45F));
  EXPECT_EQ(text4("3.4028235e+38"), bits(3.4028235e38F));
  EXPECT_EQ(text4("-Infinity"), bits(-std::numeric_limits<float>::infinity()));

  EXPECT_EQ(bits(value<double>(Form::binary, type_oid::float8, from_hex("8000000000000000"))), bits(-0.0));
  EXPECT_EQ(bits(value<float>(Form::binary, type_oid::float4, from_hex("00000001"))), bits(1e-45F));
  for (const std::string nan : {"7FF8000000000000", "FFF8000000000000", "7FF0000000000001", "FFFFFFFFFFFFFFFF"}) {
    EXPECT_EQ(bits(value<double>(Form::binary, type_oid::float8, from_hex(nan))), text8("NaN")) << nan;
  }
  EXPECT_EQ(bits(value<float>(Form::binary, type_oid::float4, from_hex("FFC00000"))), text4("NaN"));
}

TEST(Values, floats_refuse_what_postgres_does_not_print) {
  for (const std::string text : {"", "-", "nan", "-NaN", "inf", "infinity", "-inf", "+1", " 1", "1 ", "1e", "1e400",
                                 "1e-400", "0x1p3", ".5", "1,5", "-Infinity "}) {
    expect_malformed(Form::text, type_oid::float8, text);
  }
  expect_malformed(Form::text, type_oid::float4, "1e39");
  expect_malformed(Form::binary, type_oid::float4, from_hex("0000000000000000"));
  expect_malformed(Form::binary, type_oid::float8, from_hex("00000000"));
}

TEST(Values, strings_are_kept_byte_for_byte) {
  for (const Oid oid : {type_oid::text, type_oid::varchar, type_oid::bpchar, type_oid::name, type_oid::json}) {
    for (const Form form : {Form::text, Form::binary}) {
      for (const std::string text : {"", "a  ", "\\x41", "{\"a\":  1}", "Grüße \xF0\x9F\x90\x98 e\xCC\x81",
                                     "\xEF\xBF\xBE\xEF\xBF\xBD", "a\nb\tc\\d"}) {
        EXPECT_EQ(bytes_of(form, oid, text), text);
      }
    }
  }
  EXPECT_EQ(bytes_of(Form::text, type_oid::xml, "<a/>"), "<a/>");
  EXPECT_EQ(bytes_of(Form::text, 22, "1 2"), "1 2");  // int2vector, as PostgreSQL prints it
}

TEST(Values, jsonb_has_a_version_in_front) {
  EXPECT_EQ(bytes_of(Form::text, type_oid::jsonb, R"({"a": 1})"), R"({"a": 1})");
  EXPECT_EQ(bytes_of(Form::binary, type_oid::jsonb, "\x01{\"a\": 1}"), R"({"a": 1})");
  expect_malformed(Form::binary, type_oid::jsonb, "");
  expect_malformed(Form::binary, type_oid::jsonb, "\x02{}");
  expect_malformed(Form::binary, type_oid::jsonb, "{}");
}

TEST(Values, text_that_is_not_utf8_never_enters_a_text_column) {
  for (const Oid oid : {type_oid::text, type_oid::name, type_oid::json, Oid{600}}) {
    EXPECT_EQ(overflow_text(Form::text, oid, "caf\xE9 \\ \xC3\xA9"), "\\x636166e9205c20c3a9");
  }
  EXPECT_EQ(overflow_text(Form::binary, type_oid::jsonb, "\x01\"\xFF\""), "\\x22ff22");
}

TEST(Values, utf8_by_postgres_rules) {
  // U+0080, U+07FF, U+0800, U+D7FF, U+E000, U+FFFF, U+10000, U+10FFFF
  for (const std::string good : {"", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                 "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    for (std::size_t before = 0; before < 17; ++before) {
      EXPECT_TRUE(is_utf8(std::string(before, 'a') + good + "b"));
    }
  }
  for (const std::string bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x90", "\xC3\x41", "\xE2\x28\xA1"}) {
    for (std::size_t before = 0; before < 17; ++before) {
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + bad));
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + bad + "bcdefghij"));
    }
  }
}

TEST(Values, char1_is_the_same_in_all_its_forms) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string raw(1, static_cast<char>(byte));
    const auto binary = bytes_of(Form::binary, type_oid::char1, raw);
    EXPECT_EQ(bytes_of(Form::text, type_oid::char1, byte == 0 ? "" : raw), binary);  // up to version 15
    EXPECT_EQ(bytes_of(Form::text, type_oid::char1, binary), binary);                // since version 16
  }
  EXPECT_EQ(bytes_of(Form::binary, type_oid::char1, "a"), "a");
  EXPECT_EQ(bytes_of(Form::binary, type_oid::char1, "\\"), "\\");
  EXPECT_EQ(bytes_of(Form::binary, type_oid::char1, std::string(1, '\0')), "");
  EXPECT_EQ(bytes_of(Form::binary, type_oid::char1, "\xE9"), "\\351");
  EXPECT_EQ(bytes_of(Form::text, type_oid::char1, "\xC3\xA9"), "\xC3\xA9");  // up to 15: LATIN1 as UTF-8
  for (const std::string text : {"ab", "\\12", "\\101", "\\400", "\\38", "\\3888", "\xC3\xA9x", "\xC3", "abcd"}) {
    if (text.size() > 1) expect_malformed(Form::text, type_oid::char1, text);
  }
  expect_malformed(Form::binary, type_oid::char1, "");
  expect_malformed(Form::binary, type_oid::char1, "ab");
}

TEST(Values, bytea) {
  std::string all;
  std::string hex = "\\x";
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(static_cast<char>(byte));
    hex.push_back("0123456789abcdef"[byte / 16]);
    hex.push_back("0123456789abcdef"[byte % 16]);
  }
  EXPECT_EQ(bytes_of(Form::text, type_oid::bytea, hex), all);
  EXPECT_EQ(bytes_of(Form::binary, type_oid::bytea, all), all);
  EXPECT_EQ(bytes_of(Form::text, type_oid::bytea, "\\x"), "");
  EXPECT_EQ(bytes_of(Form::binary, type_oid::bytea, ""), "");
  for (const std::size_t size : {511, 512, 513, 5000}) {
    std::string many = "\\x";
    for (std::size_t i = 0; i < size; ++i) many += "aB";
    EXPECT_EQ(bytes_of(Form::text, type_oid::bytea, many), std::string(size, '\xAB'));
  }
  for (const std::string text : {"", "\\", "x41", "\\x4", "\\x4g", "\\xg4", "\\x41 ", "abc", "\\101"}) {
    expect_malformed(Form::text, type_oid::bytea, text);
  }
}

TEST(Values, uuids) {
  const auto raw = from_hex("a0eebc999c0b4ef8bb6d6bb9bd380a11");
  EXPECT_EQ(parsed(Form::text, type_oid::uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11").bytes_at(0), raw);
  EXPECT_EQ(parsed(Form::text, type_oid::uuid, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11").bytes_at(0), raw);
  EXPECT_EQ(parsed(Form::binary, type_oid::uuid, raw).bytes_at(0), raw);
  for (const std::string text : {"", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
                                 "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g",
                                 "a0eebc9-99c0b-4ef8-bb6d-6bb9bd380a11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1}"}) {
    expect_malformed(Form::text, type_oid::uuid, text);
  }
  expect_malformed(Form::binary, type_oid::uuid, raw.substr(1));
  expect_malformed(Form::binary, type_oid::uuid, raw + "x");
}

TEST(Values, floats_that_the_destination_lacks_go_to_the_overflow_column) {
  const ValueLimits finite{.float_nan = false, .float_infinity = false};
  for (const auto oid : {type_oid::float4, type_oid::float8}) {
    EXPECT_EQ(overflow_text(Form::text, oid, "NaN", -1, finite), "NaN");
    EXPECT_EQ(overflow_text(Form::text, oid, "-Infinity", -1, finite), "-Infinity");
    EXPECT_EQ(overflow_text(Form::text, oid, "1e30", -1, finite), "no overflow");
    EXPECT_EQ(overflow_text(Form::text, oid, "NaN"), "no overflow");
  }
  EXPECT_EQ(overflow_text(Form::binary, type_oid::float8, from_hex("7FF8000000000000"), -1, finite), "NaN");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::float8, from_hex("7FF0000000000000"), -1, finite), "Infinity");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::float4, from_hex("FF800000"), -1, finite), "-Infinity");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::float4, from_hex("3F800000"), -1, finite), "no overflow");
}

TEST(Values, negative_zeros_that_the_destination_lacks_go_to_the_overflow_column) {
  const ValueLimits one_zero{.float_negative_zero = false};
  for (const auto oid : {type_oid::float4, type_oid::float8}) {
    EXPECT_EQ(overflow_text(Form::text, oid, "-0", -1, one_zero), "-0");
    EXPECT_EQ(overflow_text(Form::text, oid, "0", -1, one_zero), "no overflow");
    EXPECT_EQ(overflow_text(Form::text, oid, "-1e-30", -1, one_zero), "no overflow");
    EXPECT_EQ(overflow_text(Form::text, oid, "-0"), "no overflow");
  }
  EXPECT_EQ(overflow_text(Form::binary, type_oid::float8, from_hex("8000000000000000"), -1, one_zero), "-0");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::float4, from_hex("80000000"), -1, one_zero), "-0");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::float4, from_hex("00000000"), -1, one_zero), "no overflow");
}

}  // namespace
}  // namespace walbrook::postgres
