#include "replication/core/known_tables.h"

#include <gtest/gtest.h>

namespace walbrook::replication {
namespace {

TEST(KnownTables, are_found_by_oid_and_by_name) {
  KnownTables tables;
  auto& kept = tables.add({.oid = 20'000, .schema = "public", .name = "orders"});
  tables.add({.oid = 20'001, .schema = "shop", .name = "orders"});
  EXPECT_EQ(tables.find(20'000), &kept);
  EXPECT_EQ(tables.find("public", "orders"), &kept);
  EXPECT_EQ(tables.find("shop", "orders")->record.oid, 20'001U);
  EXPECT_EQ(tables.find("public", "Orders"), nullptr);
  EXPECT_EQ(tables.find(20'002), nullptr);
}

TEST(KnownTables, a_table_that_was_created_again_keeps_its_name_and_its_place_in_memory) {
  KnownTables tables;
  auto& kept = tables.add({.oid = 20'000, .schema = "public", .name = "orders"});
  tables.renumber(kept, 30'000);
  EXPECT_EQ(kept.record.oid, 30'000U);
  EXPECT_EQ(tables.find(30'000), &kept);
  EXPECT_EQ(tables.find("public", "orders"), &kept);
  EXPECT_EQ(tables.find(20'000), nullptr);
}

TEST(KnownTables, a_name_that_another_table_has_taken_over_stays_its_own) {
  KnownTables tables;
  tables.add({.oid = 20'000, .schema = "public", .name = "orders"});
  const auto& newer = tables.add({.oid = 20'001, .schema = "public", .name = "orders"});
  tables.remove(20'000);
  EXPECT_EQ(tables.find("public", "orders"), &newer);
  tables.remove(20'001);
  EXPECT_EQ(tables.find("public", "orders"), nullptr);
  EXPECT_TRUE(tables.all().empty());
}

}  // namespace
}  // namespace walbrook::replication
