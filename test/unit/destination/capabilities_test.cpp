#include "destination/capabilities.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "destination/open_destination.h"

namespace walbrook::destination {
namespace {

TEST(Capabilities, names_are_told_apart_by_the_case_of_other_letters_than_ascii) {
  const NameRules folding{.folds_ascii_case = true};
  EXPECT_TRUE(folding.same("Orders", "oRDERS"));
  EXPECT_FALSE(folding.same("\xC3\x9C", "\xC3\xBC"));
  EXPECT_FALSE(folding.same("orders", "orders_"));
  EXPECT_FALSE(NameRules{}.same("Orders", "orders"));
}

TEST(Capabilities, a_reserved_schema_is_refused_with_the_reason) {
  const auto& names = capabilities_of("duckdb:///shop.duckdb").names;
  EXPECT_NO_THROW(check_dataset_name(names, "shop", "dataset_name"));
  try {
    check_dataset_name(names, "_WALBROOK", "dataset_name");
    ADD_FAILURE() << "it was taken";
  } catch (const Error& refused) {
    EXPECT_EQ(refused.kind(), ErrorKind::configuration);
    EXPECT_EQ(refused.facts().setting, "dataset_name");
    EXPECT_NE(refused.cause().find("keeps its own state"), std::string::npos) << refused.cause();
  }
}

TEST(Capabilities, of_an_unknown_kind_of_destination_nothing_is_known) {
  EXPECT_THROW(static_cast<void>(capabilities_of("clickhouse://host/db")), Error);
}

}  // namespace
}  // namespace walbrook::destination
