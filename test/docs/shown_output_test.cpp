// Which outputs match a shown one, and which must not.
#include "test/docs/shown_output.h"

#include <gtest/gtest.h>

#include "test/docs/document.h"

namespace walbrook::test {
namespace {

TEST(ShownOutput, what_differs_from_run_to_run_may) {
  EXPECT_EQ(difference("slot walbrook created at 0/B318338\n", "slot walbrook created at 0/15A3F10\n"), "");
  EXPECT_EQ(difference("in 27 ms, 38,085 rows/s, lag 0.6 s;", "in 0.3 s, 9 rows/s, lag 81 ms;"), "");
  EXPECT_EQ(difference("in 27 ms, 38,085 rows/s, lag 0.6 s;", "in 3 ms, lag 81 ms;"), "");
  EXPECT_EQ(difference("at 2026-11-22 21:08:13.179966+00", "at 2027-01-02 03:04:05+00"), "");
  EXPECT_EQ(difference("xid 731 is \"xid\":732, 64 kB", "xid 1 is \"xid\":2, 1 MB"), "");
  EXPECT_EQ(difference("PostgreSQL 15.20 (Debian 15.20-0+deb12u1) at a", "PostgreSQL 16.1 at a"), "");
  EXPECT_EQ(difference("a ███ 2 rows 0.1 s\nb ██ 3 rows 1 ms\nend", "b █ 3 rows 5 ms\na ███ 2 rows 2 ms\nend\n\n"), "");
  EXPECT_EQ(difference("lsn        n\n──────────\n0/B318338  1", "lsn      n\n────────\n0/B31833  1"), "");
  EXPECT_EQ(difference("first\n…\nlast", "first\nsecond\nthird\nlast"), "");
  EXPECT_EQ(difference("first\n…\nlast", "first\nlast"), "");
  EXPECT_EQ(difference("by … of three (…)", "by two of three (or so)"), "");
}

TEST(ShownOutput, anything_else_may_not) {
  EXPECT_NE(difference("copied 6 tables", "copied 7 tables"), "");
  EXPECT_NE(difference("one", "one\ntwo"), "");
  EXPECT_NE(difference("one\ntwo", "one"), "");
  EXPECT_NE(difference("b\na", "a\nb"), "");
  EXPECT_NE(difference("a ███ 2 rows 0.1 s", "a ███ 3 rows 0.1 s"), "");
  EXPECT_NE(difference("first\n…\nlast", "first\nsecond"), "");
  EXPECT_NE(difference("… of three", "two of four"), "");
  EXPECT_NE(difference("", "something"), "");
}

TEST(ShownOutput, a_message_is_held_by_its_lines_in_order) {
  EXPECT_TRUE(holds("note\nerror: slot s is lost at 0/1538AD8\n  Fix", "slot … is lost at 0/2538AD8\nFix"));
  EXPECT_FALSE(holds("Fix\nerror: slot s is lost", "slot … is lost\nFix"));
  EXPECT_FALSE(holds("error: slot s is gone", "slot … is lost"));
}

TEST(ShownOutput, lines_that_are_drawn_over_are_gone) {
  EXPECT_EQ(on_terminal("a\n50 %\x1b[K\n\r\x1b[1A\x1b[J100 %\nb\n"), "a\n100 %\nb\n");
  EXPECT_EQ(on_terminal("one\rtwo\n\x1b[32mgreen\x1b[0m"), "two\ngreen");
}

TEST(DocumentBlocks, are_found_with_their_lines) {
  const auto blocks =
      blocks_of("text\n   ```cpp\n   int a;\n     b;\n   ```\n<!-- run: true -->\n<!-- run\na\nb\n-->\n");
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[0].text, "int a;\n  b;\n");
  EXPECT_EQ(blocks[0].line, 3);
  EXPECT_EQ(blocks[1].text, "true\n");
  EXPECT_EQ(blocks[2].text, "a\nb\n");
}

TEST(DocumentBlocks, hold_commands_with_their_output) {
  const auto examples = examples_of({.tag = "console", .text = "$ one \\\n> more\nerror: no\n$ two &\n", .line = 10});
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(examples[0].command, "one \\\nmore");
  EXPECT_EQ(examples[0].output, "error: no\n");
  EXPECT_TRUE(examples[0].fails());
  EXPECT_EQ(examples[1].line, 13);
  EXPECT_TRUE(examples[1].in_background());
  EXPECT_FALSE(examples[1].fails());
  EXPECT_EQ(examples_of({.tag = "console", .text = "what\n", .line = 1}).front().command, "");
  EXPECT_EQ(Block({.tag = "toml", .text = "# .walbrook/config.toml\na = 1\n"}).file(), ".walbrook/config.toml");
  EXPECT_EQ(Block({.tag = "toml", .text = "# What it is.\n"}).file(), "");
}

}  // namespace
}  // namespace walbrook::test
