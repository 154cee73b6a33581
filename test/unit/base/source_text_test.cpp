#include "base/source_text.h"

#include <gtest/gtest.h>

namespace walbrook::test {
namespace {

// WIN1252: 0x81 has no equivalent, 0xE9 is é.
SingleByteText win1252() {
  SingleByteText::UpperHalf upper_half;
  for (unsigned byte = 0xA0; byte <= 0xFF; ++byte) {
    upper_half[byte - 0x80] = {static_cast<char>(0xC0U | (byte >> 6U)), static_cast<char>(0x80U | (byte & 0x3FU))};
  }
  return SingleByteText(std::move(upper_half));
}

TEST(SourceTexts, a_value_is_converted_whole_or_not_at_all) {
  const auto text = win1252();
  std::string out;
  EXPECT_TRUE(text.to_utf8("caf\xE9", out));
  EXPECT_EQ(out, "café");
  EXPECT_FALSE(text.to_utf8("caf\xE9 \x81", out));
  const AnyBytes any;
  EXPECT_TRUE(any.to_utf8("café", out));
  EXPECT_EQ(out, "café");
  EXPECT_FALSE(any.to_utf8("café caf\xE9", out));
}

TEST(SourceTexts, names_are_told_apart_and_come_back) {
  const auto text = win1252();
  EXPECT_EQ(text.name_to_utf8("t\xE9\x81"), "té\\x81");
  EXPECT_EQ(text.name_to_utf8("t\\x81"), "t\\x5cx81");
  EXPECT_EQ(text.name_to_utf8("\\ \\\\ \\x7f \\x5 \\X81"), "\\ \\\\ \\x7f \\x5 \\X81");
  for (const std::string name : {"plain", "t\xE9\x81", "t\\x81", "\\x5c", "\\x5cx81", "\\\\x81", "\\\x81", "\\x\x81",
                                 "\x81\\", "\x81x81", "E'\\\\x81'"}) {
    EXPECT_EQ(text.from_utf8(text.name_to_utf8(name)), name) << text.name_to_utf8(name);
  }
  EXPECT_EQ(text.from_utf8("日é"), "日\xE9") << "what the encoding lacks stays";
  const AnyBytes any;
  for (const std::string name : {"café", "caf\xE9", "café caf\xE9", "\xC3", "\xC3\\xa9", "\\xa9"}) {
    EXPECT_EQ(any.from_utf8(any.name_to_utf8(name)), name) << any.name_to_utf8(name);
  }
  EXPECT_EQ(any.name_to_utf8("café caf\xE9"), "café caf\\xe9");
}

// As the server prints a name in JSON, with quotes and backslashes escaped.
TEST(SourceTexts, names_in_json_are_the_same_names) {
  const auto text = win1252();
  EXPECT_EQ(text.json_to_utf8("[\"t\xE9\x81\", \"a\\\"b\\n\"]"), "[\"té\\\\x81\", \"a\\\"b\\n\"]");
  EXPECT_EQ(text.json_to_utf8("[\"t\\\\x81\"]"), "[\"t\\\\x5cx81\"]");
  EXPECT_EQ(text.json_to_utf8("[\"\\\\\\\\x81\"]"), "[\"\\\\\\\\x5cx81\"]");
}

}  // namespace
}  // namespace walbrook::test
