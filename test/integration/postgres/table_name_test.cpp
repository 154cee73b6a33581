#include "postgres/catalog/table_name.h"

#include <gtest/gtest.h>

#include "postgres/slot/slot.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

TableName name(std::string schema, std::string table, std::vector<std::string> columns = {}) {
  return {std::move(schema), std::move(table), std::move(columns)};
}

TEST(TableNames, read_as_sql_reads_them) {
  EXPECT_EQ(parse_table_name("orders"), name("public", "orders"));
  EXPECT_EQ(parse_table_name("shop.orders"), name("shop", "orders"));
  EXPECT_EQ(parse_table_name("Shop.Orders"), name("shop", "orders"));
  EXPECT_EQ(parse_table_name("\"Shop\".\"Orders\""), name("Shop", "Orders"));
  EXPECT_EQ(parse_table_name(R"("weird.name"."t""x"(a,"B b"))"), name("weird.name", "t\"x", {"a", "B b"}));
  EXPECT_EQ(parse_table_name(" a . b ( c , d ) "), name("a", "b", {"c", "d"}));
  EXPECT_EQ(parse_table_name("größe.täble_1$"), name("größe", "täble_1$"));
  EXPECT_EQ(parse_table_name("\"a(b)\""), name("public", "a(b)"));
}

TEST(TableNames, mean_the_table_that_is_written_like_that_first) {
  const std::vector<TableName> known = {name("public", "orders"), name("Public", "orders"), name("public", "Items"),
                                        name("public", "x"),      name("public", "X"),      name("PUBLIC", "x")};
  const auto meant = [&known](const std::string& text) { return meant_table(parse_written_name(text), known); };
  EXPECT_EQ(meant("public.orders"), name("public", "orders"));
  EXPECT_EQ(meant("Public.orders"), name("Public", "orders"));
  EXPECT_EQ(meant("\"Public\".orders"), name("Public", "orders"));
  EXPECT_EQ(meant("items"), name("public", "Items")) << "the only one in any case";
  EXPECT_EQ(meant("public.ITEMS"), name("public", "Items"));
  EXPECT_EQ(meant("\"items\""), std::nullopt) << "quotes are exact";
  EXPECT_EQ(meant("X"), name("public", "X"));
  EXPECT_EQ(meant("nothing"), std::nullopt);
  expect_says(thrown_by([&] { (void)meant("PUBLIC.orders"); }), ErrorKind::configuration,
              {"differ by case alone", "public.orders, \"Public\".orders"});
}

TEST(TableNames, are_quoted_so_that_they_are_read_as_they_are) {
  EXPECT_EQ(quoted_name("orders_2$"), "orders_2$");
  for (const std::string part : {"Orders", "a b", "a.b", "say \"x\"", "1a", "$a", "größe", "a-b", "("}) {
    EXPECT_EQ(parse_table_name(quoted_name(part) + "." + quoted_name(part)), name(part, part)) << part;
  }
}

TEST(TableNames, refuse_what_is_none) {
  for (const auto* text : {"", ".", "a.", ".a", "a.b.c", "a(", "a()", "a(b", "a(b,)", "a(b)c", "a b", "\"a", "\"\"",
                           "a-b", "1a", "a;drop table b", "a(b,b)"}) {
    expect_says(thrown_by([&] { (void)parse_table_name(text); }), ErrorKind::configuration,
                {"is not a table name", "Write schema.table"});
  }
  expect_says(thrown_by([] { (void)parse_table_name(std::string(64, 'a')); }), ErrorKind::configuration,
              {"longer than 63"});
}

}  // namespace
}  // namespace walbrook::postgres::test
