#include "destination/duckdb/log_mark.h"

#include <gtest/gtest.h>

namespace walbrook::destination::duckdb {
namespace {

const std::string id(32, 'a');

TEST(LogMark, is_found_among_other_bytes) {
  const std::string mark = "walbrook-log:" + id + ":" + mark_counter(0x1F) + ";";
  const auto marks = marks_in(std::string("\0\x13", 2) + mark + "walbrook-log:" + mark + "x");
  ASSERT_EQ(marks.size(), 2U);
  EXPECT_EQ(marks[0].file_id, id);
  EXPECT_EQ(marks[1].file_checkpoints, 0x1FU);
}

TEST(LogMark, half_of_one_is_none) {
  const std::string mark = "walbrook-log:" + id + ":" + mark_counter(1) + ";";
  for (std::size_t length = 0; length < mark.size(); ++length) {
    EXPECT_TRUE(marks_in(mark.substr(0, length)).empty()) << length;
  }
  auto damaged = mark;
  damaged[20] = 'z';
  EXPECT_TRUE(marks_in(damaged).empty());
  EXPECT_TRUE(marks_in("").empty());
}

}  // namespace
}  // namespace walbrook::destination::duckdb
