#include "base/text.h"

#include <gtest/gtest.h>

#include <clocale>

#include "base/json_text.h"

namespace walbrook {
namespace {

class Text : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

TEST_F(Text, numbers) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1640000), "1,640,000");
  EXPECT_EQ(short_count(9999), "9,999");
  EXPECT_EQ(short_count(12345), "12 k");
  EXPECT_EQ(short_count(6100000), "6.1 M");
  EXPECT_EQ(short_bytes(212e6), "212 MB");
  EXPECT_EQ(short_bytes(999), "999 B");
  EXPECT_EQ(short_bytes(2.5e6), "2.5 MB");
  EXPECT_EQ(short_duration(0.0123), "12 ms");
  EXPECT_EQ(short_duration(0.2), "0.2 s");
  EXPECT_EQ(short_duration(9.8), "9.8 s");
  EXPECT_EQ(short_duration(9.96), "10 s");
  EXPECT_EQ(short_duration(250), "4 min 10 s");
  EXPECT_EQ(short_duration(7500), "2 h 5 min");
  EXPECT_EQ(counted(1, "table"), "1 table");
  EXPECT_EQ(counted(4, "table"), "4 tables");
}

TEST_F(Text, widths_are_those_of_a_terminal) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("Größe"), 5U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U);  // a combining accent
  EXPECT_EQ(display_width("\xFF\xFE"), 2U);
  EXPECT_EQ(padded_left("日", 4), "  日");
  EXPECT_EQ(padded_right("é", 3), "é  ");
  EXPECT_EQ(padded_right("long", 2), "long");
}

TEST_F(Text, nothing_can_move_the_cursor) {
  EXPECT_EQ(printable("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(printable("\x1b[2J"), "\\x1B[2J");
  EXPECT_EQ(printable("\xC2\x9B"), "\\xC2\\x9B");  // the one-character form of ESC [
  EXPECT_EQ(printable("\xFF"), "\\xFF");
  EXPECT_EQ(printable("ü日"), "ü日");
}

// U+202E reverses "gpj.exe", U+2066 and others hide where it ends, U+2028 begins a line.
TEST_F(Text, nothing_is_shown_in_another_order) {
  EXPECT_EQ(printable("a\xE2\x80\xAEz"), "a\\u202Ez");
  EXPECT_EQ(printable("\xE2\x81\xA6x\xE2\x81\xA9"), "\\u2066x\\u2069");
  EXPECT_EQ(printable("\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F"), "\\u061C\\u200E\\u200F");
  EXPECT_EQ(printable("\xE2\x80\xA8"), "\\u2028");
  EXPECT_EQ(printable("שלום עולם"), "שלום עולם");
  EXPECT_EQ(printable("–…“”"), "–…“”");  // the same two first bytes
}

TEST_F(Text, a_name_begins_no_line_of_a_message) {
  EXPECT_EQ(printable_lines("table a\nerror: b is gone\n  A hint.\n"), "table a\\nerror: b is gone\n  A hint.\n");
  EXPECT_EQ(printable_lines("a\n b\n  c\x1b"), "a\\n b\n  c\\x1B");
  EXPECT_EQ(printable_lines(""), "");
  EXPECT_EQ(printable_block("one;\ntwo\t;\n\nthree"), "one;\ntwo\\t;\n\nthree");
}

TEST(VisibleJson, escapes_what_a_terminal_would_obey) {
  EXPECT_EQ(visible_json("{\"a\":\"\xE2\x80\xAE\xC2\x9B\x7F\xD8\x9C\"}"), R"({"a":"\u202e\u009b\u007f\u061c"})");
  EXPECT_EQ(visible_json("{\"ü\":\"…שÂ\"}"), "{\"ü\":\"…שÂ\"}");
  EXPECT_EQ(visible_json("\xE2\x80"), "\xE2\x80");  // cut off: not a character
}

TEST_F(Text, shortening_cuts_between_characters) {
  EXPECT_EQ(shortened("orders", 6), "orders");
  EXPECT_EQ(shortened("order_items", 6), "order…");
  EXPECT_EQ(shortened("日本語", 4), "日…");
  EXPECT_EQ(shortened("ab", 0), "");
}

}  // namespace
}  // namespace walbrook
