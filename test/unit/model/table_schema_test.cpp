#include "model/table_schema.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/schema_diff.h"
#include "test/unit/model/orders.h"

namespace walbrook {
namespace {

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

// An array that an earlier version stored as text, or a composite that was altered.
TEST(TableSchema, a_column_that_lies_otherwise_in_memory_has_changed) {
  const TableSchema text{.columns = {{.name = "a", .type_oid = 1009, .type = {Layout::utf8}}}};
  const TableSchema list{.columns = {{.name = "a", .type_oid = 1009, .type = {Layout::list, 0, 0, {{Layout::utf8}}}}}};
  EXPECT_FALSE(schema_diff(text, list).fits_target());
  EXPECT_TRUE(schema_diff(list, table_schema_from_json(to_json(list))).is_none());
}

}  // namespace
}  // namespace walbrook
