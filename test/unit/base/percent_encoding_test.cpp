#include "base/percent_encoding.h"

#include <gtest/gtest.h>

namespace walbrook {
namespace {

TEST(PercentEncoding, a_text_comes_through_a_url) {
  const std::string text = "shop %/?&=+ü\n";
  EXPECT_EQ(percent_decoded(percent_encoded(text)), text);
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%zz"), "%zz");
}

}  // namespace
}  // namespace walbrook
