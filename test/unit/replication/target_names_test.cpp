#include "replication/core/target_names.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {
namespace {

constexpr destination::NameRules folding{.folds_ascii_case = true};
constexpr destination::NameRules exact{};

TEST(TargetNames, are_told_apart_as_the_destination_does) {
  TargetNames names(folding);
  names.add({.schema = "Public", .table = "Orders"});
  EXPECT_TRUE(names.contains({.schema = "public", .table = "orders"}));
  EXPECT_FALSE(names.contains({.schema = "public", .table = "order"}));
  EXPECT_FALSE(names.contains({.schema = "publico", .table = "rders"})) << "schema and table do not run together";
  TargetNames sharp(exact);
  sharp.add({.schema = "public", .table = "Orders"});
  EXPECT_FALSE(sharp.contains({.schema = "public", .table = "orders"}));
}

TEST(TargetNames, a_name_is_free_when_the_last_one_gives_it_up) {
  TargetNames names(folding);
  names.add({.schema = "s", .table = "t"});
  names.add({.schema = "s", .table = "T"});
  names.remove({.schema = "s", .table = "t"});
  EXPECT_TRUE(names.contains({.schema = "s", .table = "t"}));
  names.remove({.schema = "s", .table = "t"});
  EXPECT_FALSE(names.contains({.schema = "s", .table = "t"}));
  EXPECT_THROW(names.remove({.schema = "s", .table = "t"}), Error);
}

// Each table costs the same, however many there are: 20,000 tables start in seconds.
TEST(TargetNames, p5_twenty_thousand_tables_take_a_few_steps_each) {
  constexpr std::size_t count = 20'000;
  constexpr std::size_t steps_a_table = 4;
  postgres::Publication publication{.name = "many", .tables = {}};
  for (std::size_t i = 0; i < count; ++i) {
    publication.tables.push_back({.oid = static_cast<Oid>(20'000 + i),
                                  .schema = "public",
                                  .name = "t_" + std::to_string(i),
                                  .members = {static_cast<Oid>(20'000 + i)}});
  }
  TableSync sync({}, folding, {});
  EXPECT_EQ(sync.publication_seen(publication, {}).outputs.size(), count);
  EXPECT_LE(sync.name_steps(), count * steps_a_table);
  // The next run knows them.
  destination::State known;
  for (const auto& [oid, table] : sync.tables()) {
    known.tables.push_back(table.record);
    known.outputs.push_back(table.outputs.at(0).record);
  }
  TableSync again({}, folding, known);
  EXPECT_TRUE(again.publication_seen(publication, {}).empty());
  EXPECT_LE(again.name_steps(), count * steps_a_table);
  EXPECT_EQ(again.find(20'007)->outputs.at(0).record.target_name, "t_7");
}

}  // namespace
}  // namespace walbrook::replication
