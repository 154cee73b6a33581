// Names of target tables and of their columns follow only from the destination's rules, the style and the record.
#include "destination/target_shape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace walbrook::destination {
namespace {

constexpr std::array<std::string_view, 2> own_tables = {"checkpoint", "tables"};
const NameRules folding{.folds_ascii_case = true, .state_schema = "_walbrook", .state_tables = own_tables};
const NameRules exact{.state_schema = "_walbrook", .state_tables = own_tables};

TargetName named(const NameRules& rules, const std::string& schema, const std::string& name,
                 const std::vector<TargetName>& others, const std::string& dataset = "",
                 Naming naming = Naming::exact) {
  return target_name(rules, naming, dataset, schema, name, [&](const TargetName& wanted) {
    return std::ranges::any_of(others, [&](const TargetName& other) {
      return rules.same(other.schema, wanted.schema) && rules.same(other.table, wanted.table);
    });
  });
}

TableSchema columns_named(const std::vector<std::string>& names) {
  TableSchema schema{.oid = 1, .schema = "public", .name = "t"};
  for (const auto& name : names) schema.columns.push_back({.name = name});
  return schema;
}

TEST(TargetShape, a_table_has_the_name_that_it_has_in_the_source) {
  EXPECT_EQ(named(folding, "public", "Orders", {}), (TargetName{"public", "Orders"}));
  EXPECT_EQ(named(folding, "public", "orders", {}, "lake"), (TargetName{"lake", "orders"}));
  EXPECT_EQ(named(folding, "Sales", "OrderItems", {}, "", Naming::snake_case), (TargetName{"sales", "order_items"}));
  EXPECT_EQ(named(folding, "Sales", "OrderItems", {}, "Lake", Naming::snake_case), (TargetName{"Lake", "order_items"}));
}

TEST(TargetShape, a_table_whose_name_is_another_ones_gets_the_first_free_number) {
  const TargetName orders{"public", "orders"};
  EXPECT_EQ(named(folding, "public", "ORDERS", {orders}).table, "ORDERS_2");
  EXPECT_EQ(named(folding, "Public", "Orders", {orders}).table, "Orders_2");
  EXPECT_EQ(named(folding, "other", "ORDERS", {orders}).table, "ORDERS");
  EXPECT_EQ(named(folding, "public", "Orders", {orders, {"public", "ORDERS_2"}}).table, "Orders_3");
  EXPECT_EQ(named(exact, "public", "ORDERS", {orders}).table, "ORDERS") << "this destination tells them apart";
}

TEST(TargetShape, a_table_in_the_schema_of_the_state_does_not_take_a_state_tables_name) {
  EXPECT_EQ(named(folding, "_walbrook", "Tables", {}).table, "Tables_2");
  EXPECT_EQ(named(folding, "_walbrook", "orders", {}).table, "orders");
  EXPECT_EQ(named(folding, "public", "tables", {}).table, "tables");
}

TEST(TargetShape, no_column_takes_the_name_that_another_has_by_itself) {
  const auto names = [](const NameRules& rules, const std::vector<std::string>& columns) {
    return target_column_names(rules, {}, columns_named(columns));
  };
  EXPECT_EQ(names(folding, {"a", "A", "a_2"}), (std::vector<std::string>{"a", "A_3", "a_2"}));
  EXPECT_EQ(names(exact, {"a", "A", "a_2"}), (std::vector<std::string>{"a", "A", "a_2"}));
}

TEST(TargetShape, columns_are_named_as_the_user_or_the_style_has_it) {
  auto schema = columns_named({"OrderId", "Total"});
  schema.columns[1].target = "SUM";
  EXPECT_EQ(target_column_names(folding, {.naming = Naming::snake_case}, schema),
            (std::vector<std::string>{"order_id", "SUM"}));
}

TEST(TargetShape, a_column_with_the_name_of_a_metadata_column_is_refused) {
  const auto schema = columns_named({"id", "LSN"});
  EXPECT_NO_THROW(static_cast<void>(target_column_names(folding, {.metadata = Metadata::walbrook}, schema)));
  try {
    static_cast<void>(target_column_names(folding, {.metadata = Metadata::dlt}, schema));
    ADD_FAILURE() << "it was taken";
  } catch (const Error& refused) {
    EXPECT_EQ(refused.kind(), ErrorKind::data);
    EXPECT_EQ(refused.facts().column, "lsn");
    EXPECT_EQ(refused.facts().table, "public.t");
  }
}

TEST(TargetShape, a_target_fits_unless_names_or_metadata_would_differ) {
  OutputRecord record{.id = {1},
                      .source = 1,
                      .schema = "Sales",
                      .name = "orders",
                      .target_schema = "Sales",
                      .target_name = "orders_2",
                      .columns = std::make_shared<const TableSchema>(columns_named({"id", "note"}))};
  EXPECT_TRUE(has_current_shape({}, record, {}, ""));
  EXPECT_TRUE(has_current_shape({}, record, {}, "Sales"));
  EXPECT_FALSE(has_current_shape({}, record, {}, "lake"));
  EXPECT_FALSE(has_current_shape({}, record, {.metadata = Metadata::dlt}, ""));
  EXPECT_FALSE(has_current_shape({}, record, {.naming = Naming::snake_case}, "")) << "its schema would be sales";
  EXPECT_TRUE(has_current_shape({}, record, {.naming = Naming::snake_case}, "Sales")) << "no column is named otherwise";
  record.columns = std::make_shared<const TableSchema>(columns_named({"id", "shippedAt"}));
  EXPECT_FALSE(has_current_shape({}, record, {.naming = Naming::snake_case}, "Sales"));
  record.style.naming = Naming::snake_case;
  EXPECT_TRUE(has_current_shape({}, record, {.naming = Naming::snake_case}, "Sales"));
  record.target_name = "orders_old";
  EXPECT_FALSE(has_current_shape({}, record, {.naming = Naming::snake_case}, "Sales"));
  record.columns = nullptr;
  EXPECT_TRUE(has_current_shape({}, record, {.metadata = Metadata::dlt}, "lake")) << "there is no target yet";
}

// A server cuts a name that is too long. walbrook does so itself, at a character, and keeps the number that tells two
// names apart.
TEST(TargetShape, a_name_is_not_longer_than_the_destination_allows) {
  const NameRules rules{.max_bytes = 8};
  const auto is_short = [](const std::string& name) { return name == "abcdefgh"; };
  EXPECT_EQ(free_name(rules, "abcdefghij", [](const std::string&) { return false; }), "abcdefgh");
  EXPECT_EQ(free_name(rules, "abcdefghij", is_short), "abcdef_2");
  EXPECT_EQ(with_suffix(rules, "abcdefg\xC3\xA9", ""), "abcdefg");
  OutputRecord record{.schema = "s", .name = "abcdefghij", .target_schema = "s", .target_name = "abcdef_2"};
  record.columns = std::make_shared<const TableSchema>();
  EXPECT_TRUE(has_current_shape(rules, record, {}, ""));
  record.target_name = "abcdef_x";
  EXPECT_FALSE(has_current_shape(rules, record, {}, ""));
}

}  // namespace
}  // namespace walbrook::destination
