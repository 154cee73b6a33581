// The steps by which a target's columns get other names.
#include "destination/target_renaming.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace walbrook::destination {
namespace {

using Strings = std::vector<std::string>;

class TargetRenamingTest : public testing::Test {
 protected:
  void column(const std::string& name, const std::string& source, bool is_overflow = false) {
    target_.columns.push_back({.name = name, .source = source, .is_overflow = is_overflow});
  }
  // Renames source columns. Returns the steps as "from>to", and "-name" for a column that is dropped first.
  Strings rename(const std::vector<std::pair<std::string, std::string>>& names) {
    std::vector<Alteration::RenamedColumn> renamed;
    for (const auto& [from, to] : names) renamed.push_back({.from = from, .to = {.name = to}});
    const auto renaming = rename_columns(rules_, target_, renamed, Naming{});
    Strings steps;
    for (const auto& name : renaming.dropped) steps.push_back("-" + name);
    for (const auto& [from, to] : renaming.steps) steps.push_back(from + ">" + to);
    return steps;
  }
  [[nodiscard]] Strings columns() const {
    Strings names;
    for (const auto& column : target_.columns) names.push_back(column.source + "=" + column.name);
    return names;
  }

  NameRules rules_{.max_bytes = 63, .folds_ascii_case = true};
  Target target_;
};

TEST_F(TargetRenamingTest, a_name_that_is_free_takes_one_step) {
  column("id", "id");
  column("a", "a");
  EXPECT_EQ(rename({{"a", "b"}}), Strings{"a>b"});
  EXPECT_EQ(columns(), (Strings{"id=id", "b=b"}));
}

TEST_F(TargetRenamingTest, a_chain_begins_at_its_free_end) {
  column("a", "a");
  column("b", "b");
  EXPECT_EQ(rename({{"a", "b"}, {"b", "c"}}), (Strings{"b>c", "a>b"}));
  EXPECT_EQ(columns(), (Strings{"b=b", "c=c"}));
}

TEST_F(TargetRenamingTest, columns_that_exchange_names_take_a_third_one) {
  column("a", "a");
  column("b", "b");
  EXPECT_EQ(rename({{"a", "b"}, {"b", "a"}}), (Strings{"a>_walbrook_renamed", "b>a", "_walbrook_renamed>b"}));
  EXPECT_EQ(columns(), (Strings{"b=b", "a=a"}));
}

TEST_F(TargetRenamingTest, a_name_in_other_letters_takes_a_third_one) {
  column("a", "a");
  EXPECT_EQ(rename({{"a", "A"}}), (Strings{"a>_walbrook_renamed", "_walbrook_renamed>A"}));
}

TEST_F(TargetRenamingTest, overflow_columns_follow) {
  column("a", "a");
  column("b", "b");
  column("a__v_text", "a", true);
  column("b__v_text", "b", true);
  EXPECT_EQ(rename({{"a", "b"}, {"b", "c"}}), (Strings{"b>c", "a>b", "b__v_text>c__v_text", "a__v_text>b__v_text"}));
}

TEST_F(TargetRenamingTest, what_a_dropped_column_left_gives_way) {
  column("a", "a");
  column("old", "old");
  column("old__v_text", "old", true);
  EXPECT_EQ(rename({{"a", "old"}}), (Strings{"-old", "-old__v_text", "a>old"}));
  EXPECT_EQ(columns(), Strings{"old=old"});
}

TEST_F(TargetRenamingTest, a_name_that_another_column_keeps_gets_a_number) {
  column("a", "a");
  column("B", "B");
  EXPECT_EQ(rename({{"a", "b"}}), Strings{"a>b_2"});
  EXPECT_EQ(rename({{"unknown", "x"}}), Strings{});
}

}  // namespace
}  // namespace walbrook::destination
