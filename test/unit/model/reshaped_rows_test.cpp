// Rows with the columns of another version of their table.
#include "model/reshaped_rows.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace walbrook {
namespace {

const PhysicalType int4{Layout::int32};
const PhysicalType narrow{Layout::decimal, 6, 2};
const PhysicalType wide{Layout::decimal, 20, 4};

TableSchemaRef columns(std::vector<ColumnSchema> columns) {
  return std::make_shared<const TableSchema>(
      TableSchema{.schema = "public", .name = "t", .columns = std::move(columns)});
}

TEST(ReshapedRows, decimals_widen_on_both_sides_of_the_point) {
  EXPECT_TRUE(is_widened(narrow, wide));
  EXPECT_TRUE(is_widened(int4, int4));
  EXPECT_FALSE(is_widened(wide, narrow));
  EXPECT_FALSE(is_widened(narrow, {Layout::decimal, 6, 4})) << "two digits less before the point";
  EXPECT_FALSE(is_widened(int4, wide));
}

TEST(ReshapedRows, columns_are_taken_filled_and_left_out) {
  RowBatch rows(columns({{.name = "id", .type = int4}, {.name = "n", .type = narrow}, {.name = "gone", .type = int4}}));
  rows.columns[0].append(1);
  rows.columns[1].append(Int128{125});
  rows.columns[2].append(9);
  rows.finish_row(Op::insert, 3, 4);
  rows.columns[0].append(2);
  rows.columns[1].append_overflow("NaN");
  rows.columns[2].append(9);
  rows.finish_row(Op::update, 3, 5);
  rows.columns[0].append(3);
  rows.columns[1].append_null();
  rows.columns[2].append(9);
  rows.mark_unchanged(2, 1);
  rows.finish_row(Op::update, 5, 0);

  Column seven(int4);
  seven.append(7);
  const std::vector<ColumnOrigin> origins{{.column = 1}, {.value = &seven}, {}, {.column = 0}};
  const auto out = reshaped_rows(rows,
                                 columns({{.name = "m", .type = wide},
                                          {.name = "seven", .type = int4},
                                          {.name = "empty", .type = int4},
                                          {.name = "id", .type = int4}}),
                                 origins);
  ASSERT_EQ(out.rows(), 3U);
  EXPECT_TRUE(out.is_whole());
  EXPECT_EQ(out.columns[0].value<Int128>(0), Int128{12'500});
  ASSERT_NE(out.columns[0].overflow_at(1), nullptr);
  EXPECT_EQ(*out.columns[0].overflow_at(1), "NaN");
  EXPECT_EQ(out.columns[1].value<int>(2), 7);
  EXPECT_TRUE(out.columns[2].is_null(0));
  EXPECT_EQ(out.columns[3].value<int>(1), 2);
  EXPECT_EQ(out.ops, (std::vector<Op>{Op::insert, Op::update, Op::update}));
  EXPECT_EQ(out.transaction, (std::vector<std::uint32_t>{3, 3, 5}));
  EXPECT_EQ(out.sequence, (std::vector<std::uint32_t>{4, 5, 0}));
  EXPECT_FALSE(out.only_inserts());
  EXPECT_TRUE(out.unchanged(2, 0));
  EXPECT_FALSE(out.unchanged(2, 1));
  EXPECT_FALSE(out.has_unchanged(1));
}

// The marks of unchanged cells take another word for each 64 columns.
TEST(ReshapedRows, marks_stay_with_their_cells_beyond_64_columns) {
  std::vector<ColumnSchema> many;
  for (int c = 0; c < 64; ++c) many.push_back({.name = "c" + std::to_string(c), .type = int4});
  RowBatch rows(columns(many));
  for (std::uint32_t row = 0; row < 3; ++row) {
    for (auto& column : rows.columns) column.append_null();
    rows.mark_unchanged(row, 63 - row);
    rows.finish_row(Op::update, 0, row);
  }
  std::vector<ColumnOrigin> origins;
  for (std::size_t c = 0; c < 64; ++c) origins.push_back({.column = c});
  many.push_back({.name = "new", .type = int4});
  origins.push_back({});
  const auto out = reshaped_rows(rows, columns(many), origins);
  for (std::uint32_t row = 0; row < 3; ++row) {
    for (std::uint32_t c = 0; c < 65; ++c) EXPECT_EQ(out.unchanged(row, c), c == 63 - row) << row << " " << c;
  }
}

}  // namespace
}  // namespace walbrook
