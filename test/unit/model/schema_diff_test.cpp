#include "model/schema_diff.h"

#include <gtest/gtest.h>

#include "test/unit/model/orders.h"

namespace walbrook {
namespace {

using Kind = ColumnChange::Kind;
using Changes = std::vector<ColumnChange>;

TEST(SchemaDiff, of_equal_columns_is_none) {
  auto seen = orders();
  seen.columns[1].description = "told to readers alone";
  seen.identity = ReplicaIdentity::index;  // by the same column
  const auto diff = schema_diff(orders(), seen);
  EXPECT_TRUE(diff.is_none());
  EXPECT_TRUE(diff.fits_target());
}

TEST(SchemaDiff, another_order_is_a_renaming_but_of_another_relation_none) {
  auto seen = orders();
  std::swap(seen.columns[0], seen.columns[2]);
  auto diff = schema_diff(orders(), seen);
  EXPECT_TRUE(diff.moved && diff.renamed);
  EXPECT_FALSE(diff.keeps_common_columns());
  EXPECT_EQ(diff.reason(), "its columns were renamed in the source");
  seen.oid = 16401;  // a leaf whose columns are in another order
  diff = schema_diff(orders(), seen);
  EXPECT_TRUE(diff.moved && !diff.renamed);
  EXPECT_TRUE(diff.fits_target());
  EXPECT_FALSE(diff.is_none()) << "their rows are not folded together column by column";
}

TEST(SchemaDiff, a_dropped_column_leaves_rows_that_fit) {
  auto seen = orders();
  seen.columns.pop_back();
  const auto diff = schema_diff(orders(), seen);
  EXPECT_EQ(diff.columns, (Changes{{Kind::dropped, "amount"}}));
  EXPECT_TRUE(diff.fits_target());
  EXPECT_FALSE(diff.is_none());
}

TEST(SchemaDiff, an_added_column_leaves_the_others_as_they_are) {
  auto seen = orders();
  seen.columns.erase(seen.columns.begin() + 1);
  seen.columns.push_back(named_column("extra"));
  const auto diff = schema_diff(orders(), seen);
  EXPECT_EQ(diff.columns, (Changes{{Kind::added, "extra"}, {Kind::dropped, "note"}}));
  EXPECT_TRUE(diff.keeps_common_columns());
  EXPECT_FALSE(diff.fits_target());
  EXPECT_EQ(diff.reason(), "column \"extra\" was added in the source");
}

TEST(SchemaDiff, another_type_modifier_layout_or_target_name_alters_a_column) {
  const auto altered = [](auto alter) {
    auto seen = orders();
    alter(seen.columns[2]);
    return schema_diff(orders(), seen);
  };
  for (const auto& diff : {altered([](ColumnSchema& amount) { amount.typmod += 1 << 16; }),
                           altered([](ColumnSchema& amount) { amount.type_oid = type_oid::int8; }),
                           altered([](ColumnSchema& amount) { amount.type = {Layout::float64}; }),
                           altered([](ColumnSchema& amount) { amount.target = "sum"; })}) {
    EXPECT_EQ(diff.columns, (Changes{{Kind::altered, "amount"}}));
    EXPECT_FALSE(diff.keeps_common_columns());
    EXPECT_EQ(diff.reason(), "column \"amount\" has another type in the source");
  }
}

TEST(SchemaDiff, a_renamed_column_is_added_and_dropped) {
  auto seen = orders();
  seen.columns[1].name = "remark";
  EXPECT_EQ(schema_diff(orders(), seen).columns, (Changes{{Kind::added, "remark"}, {Kind::dropped, "note"}}));
}

TEST(SchemaDiff, of_the_catalogs_columns_goes_by_type_and_modifier) {
  std::vector<SourceColumn> seen{
      {"id", type_oid::int4, -1}, {"note", type_oid::text, -1}, {"amount", type_oid::numeric, 786438}};
  EXPECT_TRUE(schema_diff(orders(), seen).is_none());
  seen[2].typmod = -1;
  EXPECT_EQ(schema_diff(orders(), seen).columns, (Changes{{Kind::altered, "amount"}}));
  seen.erase(seen.begin() + 1);
  EXPECT_EQ(schema_diff(orders(), seen).columns, (Changes{{Kind::altered, "amount"}, {Kind::dropped, "note"}}));
  std::swap(seen[0], seen[1]);
  EXPECT_TRUE(schema_diff(orders(), seen).renamed);
}

TEST(SchemaDiff, rows_found_by_other_columns_have_another_identity) {
  auto by_all = orders();
  by_all.identity = ReplicaIdentity::full;
  EXPECT_TRUE(schema_diff(orders(), by_all).identity);
  auto by_note = orders();
  by_note.columns[0].in_key = false;
  by_note.columns[1].in_key = true;
  EXPECT_TRUE(schema_diff(orders(), by_note).identity);
  auto by_none = orders();
  by_none.identity = ReplicaIdentity::nothing;
  EXPECT_TRUE(schema_diff(orders(), by_none).identity);
  EXPECT_TRUE(schema_diff(orders(), by_none).fits_target());
}

}  // namespace
}  // namespace walbrook
