// Columns of nested values: appended from the inside, copied, cut, compared.
#include "model/column.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>

namespace walbrook {
namespace {

const PhysicalType list_of_text{Layout::list, 0, 0, {{Layout::utf8}}};
const PhysicalType pair_of_lists{Layout::structure, 0, 0, {list_of_text, {Layout::int32}}, {"l", "n"}};

void append_list(Column& column, std::initializer_list<std::optional<std::string>> texts) {
  for (const auto& text : texts) {
    if (text) {
      column.children()[0].append_bytes(*text);
    } else {
      column.children()[0].append_null();
    }
  }
  column.close_list();
}

Column lists() {
  Column column(list_of_text);
  append_list(column, {});
  append_list(column, {"a", std::nullopt});
  column.append_null();
  append_list(column, {"a", ""});
  column.append_overflow("{{a}}");
  append_list(column, {"a", std::nullopt});
  return column;
}

TEST(Column, nested_values_are_compared_part_by_part) {
  const auto column = lists();
  for (std::size_t a = 0; a < column.size(); ++a) {
    for (std::size_t b = 0; b < column.size(); ++b) {
      const bool same = a == b || (a == 1 && b == 5) || (a == 5 && b == 1);
      EXPECT_EQ(column.same_value(a, column, b), same) << a << " " << b;
      EXPECT_EQ(column.hash_value(a) == column.hash_value(b), same) << a << " " << b;
    }
  }
}

TEST(Column, nested_values_are_copied) {
  Column column(pair_of_lists);
  append_list(column.children()[0], {"x", std::nullopt});
  column.children()[1].append(std::int32_t{1});
  column.close_structure();
  column.append_null();
  Column copy(pair_of_lists);
  for (const std::size_t row : {1U, 0U, 0U}) copy.append_from(column, row);
  ASSERT_EQ(copy.size(), 3U);
  EXPECT_TRUE(copy.is_null(0));
  EXPECT_TRUE(copy.same_value(1, column, 0));
  EXPECT_TRUE(copy.same_value(2, column, 0));
  EXPECT_EQ(copy.children()[0].size(), 3U);
  EXPECT_EQ(copy.children()[0].children()[0].size(), 4U);
}

TEST(Column, a_cut_takes_the_children_along) {
  auto column = lists();
  for (std::size_t size = column.size(); size-- > 0;) {
    column.truncate(size);
    EXPECT_EQ(column.size(), size);
    EXPECT_EQ(column.children()[0].size(), static_cast<std::size_t>(column.offsets().back()));
  }
  EXPECT_EQ(column.children()[0].data(), "");
  EXPECT_TRUE(column.overflow().empty());
}

TEST(Column, what_is_open_is_taken_back_at_every_depth) {
  Column column(pair_of_lists);
  column.append_null();
  column.children()[0].children()[0].append_bytes("open");
  column.drop_open();
  EXPECT_EQ(column.children()[0].children()[0].size(), 0U);
  append_list(column.children()[0], {"whole"});  // its structure is open
  column.truncate(1);
  EXPECT_EQ(column.children()[0].size(), 1U);
  EXPECT_EQ(column.children()[0].children()[0].size(), 0U);
  EXPECT_EQ(column.children()[1].size(), 1U);
}

}  // namespace
}  // namespace walbrook
