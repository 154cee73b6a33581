#include "base/check.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace walbrook {
namespace {

TEST(Check, what_holds_costs_no_message) {
  int messages = 0;
  const auto message = [&messages] { return ++messages; };
  WALBROOK_CHECK(1 + 1 == 2, "{}", message());
  EXPECT_EQ(messages, 0);
}

TEST(Check, what_does_not_hold_is_an_internal_error_with_its_place) {
  int evaluated = 0;
  try {
    WALBROOK_CHECK(++evaluated > 1, "the queue holds {} bytes", 7);
    FAIL() << "nothing was thrown";
  } catch (const Error& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::internal);
    EXPECT_TRUE(failed.cause().starts_with("the queue holds 7 bytes (")) << failed.cause();
    EXPECT_NE(failed.cause().find("check_test.cpp:"), std::string::npos) << failed.cause();
    EXPECT_NE(failed.cause().find("++evaluated > 1 does not hold"), std::string::npos) << failed.cause();
  }
  EXPECT_EQ(evaluated, 1);
}

TEST(Check, the_place_is_named_from_src_on) {
  try {
    fail_check("a", "/somebody/src/builds/src/base/lsn.cpp", 3, "b");
    FAIL() << "nothing was thrown";
  } catch (const Error& failed) {
    EXPECT_EQ(failed.cause(), "b (src/base/lsn.cpp:3: a does not hold)");
  }
}

}  // namespace
}  // namespace walbrook
