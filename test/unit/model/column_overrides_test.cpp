#include "model/column_overrides.h"

#include <gtest/gtest.h>

#include <array>

namespace walbrook {
namespace {

PhysicalType of(Layout layout, int precision = 0, int scale = 0) {
  return {.layout = layout,
          .precision = static_cast<std::uint8_t>(precision),
          .scale = static_cast<std::uint8_t>(scale),
          .children = {},
          .names = {}};
}

ColumnSchema column(Oid type, std::int32_t typmod = -1) {
  return {.name = "c", .type_oid = type, .typmod = typmod, .type = physical_type(built_in_type(type), typmod, {})};
}

// The value of pg_attribute.atttypmod.
constexpr std::int32_t typmod_of(int precision, int scale) {
  return (precision << 16 | scale) + 4;
}
constexpr std::int32_t numeric_10_2 = typmod_of(10, 2);

TEST(ColumnOverrides, a_wider_type_holds_every_value) {
  struct Case {
    ColumnSchema column;
    PhysicalType type;
    bool wider;
  };
  const std::array cases = {
      Case{column(type_oid::int2), of(Layout::int64), true},
      Case{column(type_oid::int8), of(Layout::int32), false},
      Case{column(type_oid::int4), of(Layout::uint64), false},
      Case{column(type_oid::oid), of(Layout::int64), true},
      Case{column(type_oid::oid), of(Layout::int32), false},
      Case{column(type_oid::int4), of(Layout::decimal, 10, 0), true},
      Case{column(type_oid::int4), of(Layout::decimal, 11, 2), false},
      Case{column(type_oid::int8), of(Layout::decimal, 21, 2), true},
      Case{column(type_oid::int8), of(Layout::decimal, 18, 0), false},
      Case{column(type_oid::xid8), of(Layout::decimal, 20, 0), true},
      Case{column(type_oid::xid8), of(Layout::decimal, 19, 0), false},
      Case{column(type_oid::int2), of(Layout::float32), true},
      Case{column(type_oid::int4), of(Layout::float32), false},
      Case{column(type_oid::int2), of(Layout::float64), true},
      Case{column(type_oid::int4), of(Layout::float64), true},
      Case{column(type_oid::oid), of(Layout::float64), true},
      Case{column(type_oid::int8), of(Layout::float64), false},
      Case{column(type_oid::float4), of(Layout::int64), false},
      Case{column(type_oid::boolean), of(Layout::int64), false},
      Case{column(type_oid::date), of(Layout::timestamp), false},
      Case{column(type_oid::numeric, typmod_of(4, 0)), of(Layout::int16), true},
      Case{column(type_oid::numeric, typmod_of(5, 0)), of(Layout::int16), false},
      Case{column(type_oid::numeric, typmod_of(9, 0)), of(Layout::int32), true},
      Case{column(type_oid::numeric, typmod_of(18, 0)), of(Layout::int64), true},
      Case{column(type_oid::numeric, typmod_of(19, 0)), of(Layout::int64), false},
      Case{column(type_oid::numeric, typmod_of(9, 1)), of(Layout::int64), false},
      Case{column(type_oid::numeric, typmod_of(15, 0)), of(Layout::float64), true},
      Case{column(type_oid::numeric, typmod_of(16, 0)), of(Layout::float64), false},
      Case{column(type_oid::numeric), of(Layout::int64), false},
      Case{column(type_oid::float4), of(Layout::float64), true},
      Case{column(type_oid::float8), of(Layout::float32), false},
      Case{column(type_oid::numeric, numeric_10_2), of(Layout::decimal, 12, 4), true},
      Case{column(type_oid::numeric, numeric_10_2), of(Layout::decimal, 12, 1), false},
      Case{column(type_oid::numeric, numeric_10_2), of(Layout::decimal, 11, 4), false},
      Case{column(type_oid::numeric, numeric_10_2), of(Layout::float64), false},
      Case{column(type_oid::numeric), of(Layout::decimal, 5, 0), true},
      Case{column(type_oid::timestamptz), of(Layout::utf8), true},
      Case{column(type_oid::timestamptz), of(Layout::timestamp), false},
      Case{column(type_oid::text), of(Layout::int64), false},
      Case{column(type_oid::text), of(Layout::binary), false},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(is_wider(each.column, each.type), each.wider)
        << to_string(each.column.type) << " to " << to_string(each.type);
    if (each.wider) continue;
    EXPECT_NE(why_not_wider(each.column, each.type), "");
  }
}

TEST(ColumnOverrides, a_newer_override_goes_before_what_the_copy_was_made_with) {
  TableSchema schema{.columns = {column(type_oid::int4), column(type_oid::text)}};
  schema.columns[1].name = "d";
  apply_overrides(schema, {{"c", {.name = "renamed", .type = of(Layout::int64), .description = "first"}}});
  EXPECT_EQ(schema.columns[0].target, "renamed");
  EXPECT_TRUE(schema.columns[0].widened);
  const auto behind = recorded_overrides(table_schema_from_json(to_json(schema)));
  ASSERT_EQ(behind.size(), 1U);
  const auto overrides = overlaid({{"c", {.name = "c", .type = {}, .description = "second"}}}, behind);

  TableSchema again{.columns = {column(type_oid::int4)}};
  apply_overrides(again, overrides);
  EXPECT_EQ(again.columns[0].target, "");
  EXPECT_EQ(again.columns[0].type.layout, Layout::int64);
  EXPECT_EQ(again.columns[0].description, "second");
}

TEST(ColumnOverrides, a_type_that_is_not_wider_any_more_is_passed_over) {
  TableSchema schema{.columns = {column(type_oid::text)}};
  apply_overrides(schema, {{"c", {.name = {}, .type = of(Layout::int64), .description = {}}}});
  EXPECT_EQ(schema.columns[0].type.layout, Layout::utf8);
  EXPECT_FALSE(schema.columns[0].widened);
}

}  // namespace
}  // namespace walbrook
