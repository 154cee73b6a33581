#include "postgres/slot/default_name.h"

#include <gtest/gtest.h>

namespace walbrook::postgres {
namespace {

TEST(DefaultName, tells_the_database) {
  EXPECT_EQ(default_name("shop"), "walbrook_shop");
  EXPECT_EQ(default_name("shop_2"), "walbrook_shop_2");
  EXPECT_EQ(default_name(std::string(54, 'a')), "walbrook_" + std::string(54, 'a'));
}

// These names are stored in clusters and files, so they must never change.
TEST(DefaultName, has_a_hash_where_the_name_had_to_be_changed) {
  EXPECT_EQ(default_name("Shop"), "walbrook_shop_742ce1");
  EXPECT_EQ(default_name("shop-eu"), "walbrook_shop_eu_4d0b24");
  EXPECT_EQ(default_name("läden"), "walbrook_l__den_0453c3");
  EXPECT_EQ(default_name(""), "walbrook_");
  EXPECT_EQ(default_name(std::string(55, 'a')).size(), 63U);
  EXPECT_EQ(default_name(std::string(63, 'a')).size(), 63U);
  EXPECT_NE(default_name(std::string(62, 'a') + "b"), default_name(std::string(63, 'a')));
  EXPECT_NE(default_name("Shop"), default_name("SHOP"));
}

}  // namespace
}  // namespace walbrook::postgres
