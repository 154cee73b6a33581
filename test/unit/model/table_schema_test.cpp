#include "model/table_schema.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace walbrook {
namespace {

ColumnSchema column(std::string name, Oid oid = type_oid::int4, Layout layout = Layout::int32) {
  return {.name = std::move(name), .type_oid = oid, .typmod = -1, .in_key = false, .type = {layout}, .binary = true};
}

TableSchema orders() {
  TableSchema table{.oid = 16400, .schema = "public", .name = "orders"};
  table.columns = {column("id"), column("note", type_oid::text, Layout::utf8), column("amount", type_oid::numeric)};
  table.columns[0].in_key = true;
  table.columns[2].typmod = 786438;
  table.columns[2].type = {Layout::decimal, 12, 2};
  return table;
}

TEST(TableSchema, has_a_key_only_under_a_keys_identity) {
  auto table = orders();
  EXPECT_TRUE(table.has_key());
  EXPECT_EQ(table.key_columns(), std::vector<std::size_t>{0});
  table.identity = ReplicaIdentity::index;
  EXPECT_TRUE(table.has_key());
  table.identity = ReplicaIdentity::full;
  EXPECT_FALSE(table.has_key());
  table.identity = ReplicaIdentity::key;
  table.columns[0].in_key = false;
  EXPECT_FALSE(table.has_key());
}

TEST(TableSchema, another_order_is_a_renaming_but_of_another_relation_no_difference) {
  auto seen = orders();
  std::swap(seen.columns[0], seen.columns[2]);
  seen.identity = ReplicaIdentity::full;
  EXPECT_EQ(compare(orders(), seen), SchemaDifference::changed);
  seen.oid = 16401;  // a leaf whose columns stand in another order
  EXPECT_EQ(compare(orders(), seen), SchemaDifference::none);
}

TEST(TableSchema, a_column_less_is_dropped) {
  auto seen = orders();
  seen.columns.pop_back();
  EXPECT_EQ(compare(orders(), seen), SchemaDifference::dropped);
}

TEST(TableSchema, new_and_other_columns_are_changes) {
  auto added = orders();
  added.columns.push_back(column("extra"));
  EXPECT_EQ(compare(orders(), added), SchemaDifference::changed);

  auto renamed = orders();
  renamed.columns[1].name = "remark";
  EXPECT_EQ(compare(orders(), renamed), SchemaDifference::changed);

  auto widened = orders();
  widened.columns[2].typmod += 1 << 16;
  EXPECT_EQ(compare(orders(), widened), SchemaDifference::changed);

  auto other_type = orders();
  other_type.columns[0].type_oid = type_oid::int8;
  other_type.columns[0].type = {Layout::int64};
  EXPECT_EQ(compare(orders(), other_type), SchemaDifference::changed);
}

TEST(TableSchema, json_is_read_back_whatever_the_names) {
  auto table = orders();
  table.schema = "Über \"all\"";
  table.name = "a.b\\c\n\xF0\x9F\x90\x98";
  table.identity = ReplicaIdentity::full;
  table.columns[1].name = std::string(63, '"');
  table.columns[1].binary = false;
  EXPECT_EQ(table_schema_from_json(to_json(table)), table);
  EXPECT_EQ(to_json(table).find('\n'), std::string::npos);
  EXPECT_EQ(table_schema_from_json(to_json(TableSchema{})), TableSchema{});
}

TEST(TableSchema, damaged_json_is_the_destinations_error) {
  const auto good = to_json(orders());
  for (std::size_t length = 0; length < good.size(); ++length) {
    try {
      (void)table_schema_from_json(good.substr(0, length));
      ADD_FAILURE() << "accepted: " << good.substr(0, length);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::destination);
    }
  }
  for (const std::string text :
       {"[]", "null", "{}", R"({"oid":"x"})", R"({"oid":1,"schema":"s","name":"n","identity":"","columns":[]})",
        R"({"oid":1,"schema":"s","name":"n","identity":"d","columns":[{"name":"c"}]})"}) {
    EXPECT_THROW((void)table_schema_from_json(text), Error) << text;
  }
}

// Of an array that an earlier version kept as text, or of a composite that was altered.
TEST(TableSchema, a_column_that_lies_otherwise_in_memory_has_changed) {
  const TableSchema text{.columns = {{.name = "a", .type_oid = 1009, .type = {Layout::utf8}}}};
  const TableSchema list{.columns = {{.name = "a", .type_oid = 1009, .type = {Layout::list, 0, 0, {{Layout::utf8}}}}}};
  EXPECT_EQ(compare(text, list), SchemaDifference::changed);
  EXPECT_EQ(compare(list, table_schema_from_json(to_json(list))), SchemaDifference::none);
}

}  // namespace
}  // namespace walbrook
