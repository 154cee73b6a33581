#include "base/lsn.h"

#include <gtest/gtest.h>

namespace walbrook {
namespace {

TEST(Lsn, is_written_as_postgres_writes_it) {
  EXPECT_EQ(Lsn{}.to_string(), "0/0");
  EXPECT_EQ(Lsn{0x16B374D848}.to_string(), "16/B374D848");
  EXPECT_EQ(Lsn{UINT64_MAX}.to_string(), "FFFFFFFF/FFFFFFFF");
}

TEST(Lsn, is_read_back) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xFFFFFFFF},
                                    std::uint64_t{0x100000000}, std::uint64_t{0x16B374D848}, UINT64_MAX}) {
    EXPECT_EQ(Lsn::parse(Lsn{value}.to_string()), Lsn{value});
  }
  EXPECT_EQ(Lsn::parse("16/b374d848"), Lsn{0x16B374D848});
}

TEST(Lsn, anything_else_is_refused) {
  for (const std::string text : {"", "/", "0", "0/", "/0", "0/0/0", " 0/0", "0/0 ", "G/0", "-1/0", "+1/0", "0x1/0",
                                 "123456789/0", "0/123456789", "1.0/2"}) {
    EXPECT_EQ(Lsn::parse(text), std::nullopt) << text;
  }
}

TEST(Lsn, none_is_not_set_and_the_order_is_the_logs) {
  EXPECT_FALSE(Lsn{}.is_set());
  EXPECT_TRUE(Lsn{1}.is_set());
  EXPECT_LT(*Lsn::parse("0/FFFFFFFF"), *Lsn::parse("1/0"));
}

}  // namespace
}  // namespace walbrook
