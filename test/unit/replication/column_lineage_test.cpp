// Which columns are the same between two fingerprints.
#include "postgres/catalog/column_lineage.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace walbrook::postgres {
namespace {

using Names = std::vector<std::string>;
using Places = std::vector<std::size_t>;
using Numbered = std::vector<std::pair<std::int32_t, std::string>>;

TableSchema columns(const Names& names) {
  TableSchema schema{.schema = "public", .name = "t"};
  for (const auto& name : names) schema.columns.push_back({.name = name, .type_oid = 23});
  return schema;
}

// `attributes`: the newest number that was given; 0 = that of the last column.
Fingerprint print(const Numbered& numbered, std::int32_t attributes = 0) {
  Fingerprint print;
  for (const auto& [number, name] : numbered) print.columns.push_back({.number = number, .name = name, .type = 23});
  print.attributes = attributes == 0 ? numbered.back().first : attributes;
  return print;
}

std::vector<SourceColumn> all_of(const Fingerprint& print) {
  std::vector<SourceColumn> columns;
  for (const auto& column : print.columns) columns.push_back({.name = column.name, .type_oid = column.type});
  return columns;
}

std::optional<ColumnLineage> between(const Fingerprint& before, const Fingerprint& now, const Names& known) {
  return ColumnLineage::between(before, now, columns(known), all_of(now));
}

TEST(ColumnLineage, without_dropped_columns_their_place_tells) {
  const auto lineage =
      between(print({{1, "id"}, {2, "a"}}), print({{1, "id"}, {2, "a"}, {3, "d"}, {4, "c"}}), {"id", "a"});
  ASSERT_TRUE(lineage);
  EXPECT_EQ(lineage->find(columns({"id", "a"})), (Places{0, 1}));
  EXPECT_EQ(lineage->find(columns({"id", "a", "c"})), (Places{0, 1, 2})) << "c was called d later";
  EXPECT_EQ(lineage->find(columns({"id", "a", "d", "c"})), (Places{0, 1, 2, 3}));
  EXPECT_EQ(lineage->find(columns({"id"})), std::nullopt);
  EXPECT_EQ(lineage->find(columns({"id", "a", "d", "c", "e"})), std::nullopt);
}

TEST(ColumnLineage, names_may_go_round) {
  const auto lineage =
      between(print({{1, "a"}, {2, "b"}, {3, "c"}}), print({{1, "b"}, {2, "c"}, {3, "a"}}), {"a", "b", "c"});
  ASSERT_TRUE(lineage);
  EXPECT_EQ(lineage->columns().at(0).before, "a");
  EXPECT_EQ(lineage->columns().at(0).now, "b");
  EXPECT_EQ(lineage->find(columns({"x", "c", "b"})), (Places{0, 1, 2}));
}

TEST(ColumnLineage, with_dropped_columns_their_names_tell) {
  const auto lineage = between(print({{1, "id"}, {2, "gone"}, {3, "b"}}),
                               print({{1, "id"}, {3, "b"}, {4, "c"}, {5, "d"}}), {"id", "gone", "b"});
  ASSERT_TRUE(lineage);
  EXPECT_EQ(lineage->find(columns({"id", "gone", "b", "c"})), (Places{0, 1, 2, 3}));
  EXPECT_EQ(lineage->find(columns({"id", "b", "c", "d"})), (Places{0, 2, 3, 4}));
  EXPECT_EQ(lineage->find(columns({"id", "gone", "b"})), (Places{0, 1, 2}));
  EXPECT_EQ(lineage->find(columns({"id", "b", "d"})), std::nullopt) << "c was there before d";
  EXPECT_EQ(lineage->find(columns({"id", "c"})), std::nullopt) << "b was there all the time";
  EXPECT_EQ(lineage->find(columns({"b", "id"})), std::nullopt) << "columns do not move";
}

TEST(ColumnLineage, columns_that_were_dropped_before_are_known_by_name) {
  const auto lineage =
      between(print({{1, "id"}, {3, "b"}}), print({{1, "id"}, {3, "b"}, {4, "c"}}), {"id", "old", "b"});
  ASSERT_TRUE(lineage);
  EXPECT_EQ(lineage->find(columns({"id", "old", "b"})), (Places{1, 0, 2}));
  EXPECT_EQ(lineage->find(columns({"id", "b", "c"})), (Places{1, 2, 3}));
}

TEST(ColumnLineage, nothing_is_certain) {
  EXPECT_FALSE(between(print({{1, "id"}, {2, "a"}}), print({{1, "id"}, {4, "a"}}), {"id", "a"}))
      << "number 3 came and went";
  EXPECT_FALSE(between(print({{1, "id"}, {2, "a"}}), print({{1, "id"}, {3, "a"}}), {"id", "a"}))
      << "two columns are called a";
  EXPECT_FALSE(between(print({{1, "id"}, {2, "a"}, {3, "b"}}), print({{1, "id"}, {3, "a"}}), {"id", "a", "b"}))
      << "a was dropped, and b renamed";
  EXPECT_FALSE(between(print({{1, "id"}, {2, "a"}}), print({{1, "id"}, {2, "a"}}), {"id"}))
      << "a was not copied before";
  EXPECT_FALSE(between(print({{1, "id"}, {2, "a"}}), print({{1, "id"}}), {"id", "a"})) << "another table";
}

TEST(ColumnLineage, columns_that_are_not_copied_do_not_count) {
  const auto before = print({{1, "id"}, {2, "secret"}, {3, "a"}});
  const auto now = print({{1, "id"}, {2, "hidden"}, {3, "b"}, {4, "mine"}, {5, "c"}});
  const auto lineage =
      ColumnLineage::between(before, now, columns({"id", "a"}), std::vector<SourceColumn>{{"id"}, {"b"}, {"c"}});
  ASSERT_TRUE(lineage);
  EXPECT_EQ(lineage->find(columns({"id", "b", "c"})), (Places{0, 1, 2}));
  // A column that was dropped before the earlier moment leaves a number without a column.
  EXPECT_TRUE(between(print({{1, "id"}, {2, "a"}}, 5), print({{1, "id"}, {2, "a"}, {6, "b"}}), {"id", "a"}));
}

// Descriptions of a table that has id and a at first.
class Descriptions {
 public:
  Descriptions& then(const Numbered& numbered, bool last_has_value = false) {
    auto after = print(numbered);
    after.columns.back().has_missing = last_has_value;
    Names names;
    for (const auto& [number, name] : numbered) names.push_back(name);
    schemas_.push_back(std::make_shared<TableSchema>(columns(names)));
    described_.push_back({.print = std::move(after), .columns = schemas_.back().get()});
    return *this;
  }
  [[nodiscard]] std::optional<ColumnLineage> lineage(const Names& known = {"id", "a"}) const {
    return ColumnLineage::through(print({{1, "id"}, {2, "a"}}), columns(known), described_);
  }

 private:
  std::vector<std::shared_ptr<TableSchema>> schemas_;
  std::vector<ColumnLineage::Described> described_;
};

TEST(ColumnLineage, descriptions_tell_columns_of_one_name_apart) {
  const auto lineage = Descriptions()
                           .then({{1, "id"}, {2, "a"}, {3, "b"}}, true)
                           .then({{1, "id"}, {3, "b"}})
                           .then({{1, "id"}, {3, "b"}, {4, "a"}})
                           .then({{1, "id"}, {3, "c"}, {4, "a"}})
                           .lineage();
  ASSERT_TRUE(lineage);
  EXPECT_EQ(lineage->find(columns({"id", "a"}), 0), (Places{0, 1}));
  EXPECT_EQ(lineage->find(columns({"id", "a", "b"}), 1), (Places{0, 1, 2}));
  EXPECT_EQ(lineage->find(columns({"id", "b"}), 2), (Places{0, 2}));
  EXPECT_EQ(lineage->find(columns({"id", "b", "a"}), 3), (Places{0, 2, 3}));
  EXPECT_EQ(lineage->find(columns({"id", "c", "a"}), 4), (Places{0, 2, 3}));
  EXPECT_EQ(lineage->find(columns({"id", "b"}), 0), std::nullopt) << "no description had b yet";
  const auto& of_columns = lineage->columns();
  EXPECT_EQ(of_columns[1].now, "") << "the first a";
  EXPECT_EQ(of_columns[2].now, "c");
  EXPECT_TRUE(of_columns[2].has_value);
  EXPECT_EQ(of_columns[2].added_by, 0U);
  EXPECT_EQ(of_columns[3].now, "a");
  EXPECT_EQ(of_columns[3].added_by, 2U);
}

TEST(ColumnLineage, a_copy_that_lacks_a_column_of_before_is_not_continued) {
  const auto described = [] { return Descriptions().then({{1, "id"}, {2, "a"}, {3, "b"}}); };
  EXPECT_TRUE(described().lineage());
  EXPECT_FALSE(described().lineage({"id"})) << "the values of a are unknown";
  EXPECT_TRUE(described().lineage({"id", "gone", "a"})) << "gone was dropped before";
  EXPECT_FALSE(described().lineage({"a", "id"})) << "their names changed hands since";
}

TEST(ColumnLineage, a_column_that_is_there_and_not_described_is_not_continued) {
  const TableSchema described = columns({"id", "b"});
  const std::vector<ColumnLineage::Described> all{
      {.print = print({{1, "id"}, {2, "a"}, {3, "b"}}), .columns = &described}};
  const auto before = print({{1, "id"}, {2, "a"}});
  EXPECT_FALSE(ColumnLineage::through(before, columns({"id", "a"}), all)) << "a is a generated column";
  EXPECT_TRUE(ColumnLineage::through(before, columns({"id"}), all)) << "a is not copied";
}

TEST(ColumnLineage, rows_that_bring_columns_bring_their_fingerprint) {
  const std::string before =
      R"({"columns":[[1,"id",23,-1,700,false,0,5],[2,"a",23,-1,700,false,0,5]],"attributes":2,"file":9})";
  const std::string now =
      R"({"columns":[[1,"id",23,-1,700,false,0,5],[2,"b",25,-1,701,false,0,6],[3,"d",23,-1,702,true,8,5],[4,"e",23,-1,703,false,0,5]],"attributes":4,"file":9})";
  const std::vector<ColumnSeen> seen{{.number = 1, .name = "id", .type = 23},
                                     {.number = 2, .name = "between", .type = 23},
                                     {.number = 3, .name = "d", .type = 23},
                                     {.number = 0, .name = "old", .type = 23}};
  EXPECT_EQ(
      with_columns(before, now, seen),
      R"({"attributes":3,"columns":[[1,"id",23,-1,700,false,0,5],[2,"between",23,-1,701,false,0,6],[3,"d",23,-1,702,true,8,5]],"file":9})");
}

}  // namespace
}  // namespace walbrook::postgres
