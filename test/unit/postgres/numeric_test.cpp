// numeric: golden values of both formats.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "test/unit/postgres/parsing.h"

namespace walbrook::postgres {
namespace {

std::int32_t typmod(int precision, int scale) {
  return ((precision << 16) | (scale & 0x7FF)) + 4;
}

std::string scaled(Form form, std::string_view bytes, int precision, int scale) {
  return print_int128(value<Int128>(form, type_oid::numeric, bytes, typmod(precision, scale)));
}

// Returns `text` followed by `digit` `count` times. It is not inlined, because GCC 12 then reports an overflow that
// does not exist in strings of a known size.
[[gnu::noinline]] std::string followed_by(const std::string& text, std::size_t count, char digit) {
  return text + std::string(count, digit);
}

// The format of the send function: groups of four decimal digits.
std::string binary(int weight, std::uint16_t sign, int display_scale, const std::vector<int>& groups) {
  ByteWriter out;
  out.u16(static_cast<std::uint16_t>(groups.size()));
  out.u16(static_cast<std::uint16_t>(weight));
  out.u16(sign);
  out.u16(static_cast<std::uint16_t>(display_scale));
  for (const int group : groups) out.u16(static_cast<std::uint16_t>(group));
  return out.take();
}

constexpr std::uint16_t plus = 0;
constexpr std::uint16_t minus = 0x4000;

TEST(Numeric, text_is_scaled_exactly) {
  EXPECT_EQ(scaled(Form::text, "0", 12, 2), "0");
  EXPECT_EQ(scaled(Form::text, "0.00", 12, 2), "0");
  EXPECT_EQ(scaled(Form::text, "1", 12, 2), "100");
  EXPECT_EQ(scaled(Form::text, "-1234567890.12", 12, 2), "-123456789012");
  EXPECT_EQ(scaled(Form::text, "0.05", 12, 2), "5");
  EXPECT_EQ(scaled(Form::text, "-0.05", 12, 2), "-5");
  EXPECT_EQ(scaled(Form::text, "0.00000000000000000000000000000000000001", 38, 38), "1");
  EXPECT_EQ(scaled(Form::text, std::string(38, '9'), 38, 0), std::string(38, '9'));
  EXPECT_EQ(scaled(Form::text, followed_by("-0.", 38, '9'), 38, 38), followed_by("-", 38, '9'));
  EXPECT_EQ(scaled(Form::text, "12345678901234567890123456789.123456789", 38, 9),
            "12345678901234567890123456789123456789");
  EXPECT_EQ(scaled(Form::text, "1.5000000000000000000000000000", 12, 1), "15");  // zeros without meaning
}

TEST(Numeric, binary_is_scaled_exactly) {
  EXPECT_EQ(scaled(Form::binary, binary(0, plus, 0, {}), 12, 2), "0");
  EXPECT_EQ(scaled(Form::binary, binary(0, plus, 0, {1}), 12, 2), "100");
  EXPECT_EQ(scaled(Form::binary, binary(2, minus, 2, {12, 3456, 7890, 1200}), 12, 2), "-123456789012");
  EXPECT_EQ(scaled(Form::binary, binary(-1, plus, 2, {500}), 12, 2), "5");
  EXPECT_EQ(scaled(Form::binary, binary(4, plus, 0, {1}), 38, 0), "10000000000000000");
  EXPECT_EQ(scaled(Form::binary, binary(-10, plus, 38, {100}), 38, 38), "1");
  EXPECT_EQ(scaled(Form::binary, binary(9, plus, 0, {99, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999}), 38, 0),
            std::string(38, '9'));
  EXPECT_EQ(
      scaled(Form::binary, binary(-1, minus, 38, {9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9900}), 38, 38),
      followed_by("-", 38, '9'));
  EXPECT_EQ(scaled(Form::binary, binary(0, plus, 28, {1, 5000}), 12, 1), "15");
}

// Both formats of a number that does not fit: the overflow is PostgreSQL's text.
void expect_overflow(const std::string& text, const std::string& bytes, int precision, int scale) {
  EXPECT_EQ(overflow_text(Form::text, type_oid::numeric, text, typmod(precision, scale)), text);
  EXPECT_EQ(overflow_text(Form::binary, type_oid::numeric, bytes, typmod(precision, scale)), text);
}

TEST(Numeric, what_does_not_fit_goes_to_the_overflow_column) {
  expect_overflow("NaN", binary(0, 0xC000, 0, {}), 12, 2);
  expect_overflow("Infinity", binary(0, 0xD000, 0, {}), 12, 2);
  expect_overflow("-Infinity", binary(0, 0xF000, 0, {}), 12, 2);
  expect_overflow("1.25", binary(0, plus, 2, {1, 2500}), 12, 1);
  expect_overflow("1.250", binary(0, plus, 3, {1, 2500}), 12, 1);  // with the zeros that it was printed with
  expect_overflow("-10000000000.00", binary(2, minus, 2, {100}), 12, 2);
  expect_overflow("0.000001", binary(-2, plus, 6, {100}), 12, 2);
  expect_overflow("100000", binary(1, plus, 0, {10}), 5, 0);
  expect_overflow(followed_by("1", 38, '0'), binary(9, plus, 0, {100}), 38, 0);
  expect_overflow("12340000000000000000000000000000000000000000.0", binary(10, plus, 1, {1234}), 38, 9);
  expect_overflow("12300000000.00004560", binary(2, plus, 8, {123, 0, 0, 0, 4560}), 38, 6);
}

TEST(Numeric, edges_of_the_precision) {
  EXPECT_EQ(scaled(Form::text, "99999", 5, 0), "99999");
  EXPECT_EQ(scaled(Form::binary, binary(1, plus, 0, {9, 9999}), 5, 0), "99999");
  EXPECT_EQ(scaled(Form::text, "0.99999", 5, 5), "99999");
  expect_overflow("1.00000", binary(0, plus, 5, {1}), 5, 5);
  expect_overflow(followed_by("999999999999999999999999999999.", 9, '0'),
                  binary(7, plus, 9, {99, 9999, 9999, 9999, 9999, 9999, 9999, 9999}), 38, 9);
}

// 36,864 groups: the count needs all of its 16 bits.
TEST(Numeric, as_long_as_postgres_allows) {
  const auto text = followed_by(followed_by("", 131072, '7') + '.', 16383, '3');
  std::vector<int> groups(131072 / 4, 7777);
  groups.insert(groups.end(), 16380 / 4, 3333);
  groups.push_back(3330);
  expect_overflow(text, binary(32'767, plus, 16'383, groups), 38, 9);
}

TEST(Numeric, digits_beyond_the_display_scale_are_not_printed_and_do_not_count) {
  EXPECT_EQ(scaled(Form::binary, binary(0, plus, 1, {1, 5678}), 12, 4), "15000");  // as numeric_out and numeric_recv do
}

TEST(Numeric, what_is_no_numeric) {
  for (const std::string text : {"",   "-",  "+1",  ".",    ".5",  "5.", "1.5.", "1,5",  "1e5",  "--1",      "1-",
                                 " 1", "1 ", "nan", "-NaN", "inf", "-",  "0x1",  "1.-5", "1.5x", "Infinity "}) {
    expect_malformed(Form::text, type_oid::numeric, text);
  }
  expect_malformed(Form::binary, type_oid::numeric, "");
  expect_malformed(Form::binary, type_oid::numeric, binary(0, plus, 0, {10000}));
  expect_malformed(Form::binary, type_oid::numeric, binary(0, plus, 0, {0xFFFF}));
  expect_malformed(Form::binary, type_oid::numeric, binary(0, 0x8000, 0, {1}));
  expect_malformed(Form::binary, type_oid::numeric, binary(0, plus, 0x4000, {1}));
  const auto good = binary(0, plus, 2, {1, 2500});
  for (std::size_t length = 0; length < good.size(); ++length) {
    expect_malformed(Form::binary, type_oid::numeric, good.substr(0, length));
  }
  expect_malformed(Form::binary, type_oid::numeric, good + '\0');
  expect_malformed(Form::binary, type_oid::numeric, from_hex("FFFF 0000 0000 0000"));
}

}  // namespace
}  // namespace walbrook::postgres
