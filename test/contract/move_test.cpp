// Target tables follow the names of their sources: alone, in a circle, into another schema, over one that is gone.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "destination/capabilities.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

using destination::Moves;
using destination::PutOutput;
using destination::TargetMove;

TableSchemaRef named(const std::string& name, Oid oid) {
  return contract::table(name, {{"id", int4, key}, {"note", text}, {"price", numeric}}, oid);
}

class MoveTest : public ContractTest {
 protected:
  void SetUp() override {
    open();
    if (moves() == Moves::none) GTEST_SKIP() << "tables do not get other names there";
  }
  [[nodiscard]] Moves moves() { return destination().capabilities().moves; }

  // The output as its table is renamed.
  static OutputRecord renamed(OutputRecord output, const std::string& name, const std::string& schema = "public") {
    auto columns = *output.columns;
    columns.schema = schema;
    columns.name = name;
    output.columns = std::make_shared<const TableSchema>(std::move(columns));
    output.schema = output.target_schema = schema;
    output.name = output.target_name = name;
    return output;
  }
  void move(const std::vector<TargetMove>& moves) {
    load(0x3000, [&](Transaction& transaction) {
      transaction.move(moves);
      for (const auto& each : moves) transaction.put(PutOutput{each.output});
    });
  }
  void add_row(const OutputRecord& table, int id) { merge(table, Effect(table.columns).insert({id, "added", 5})); }
};

TEST_P(MoveTest, p1_targets_exchange_their_names_and_are_found_under_them_by_the_next_process) {
  const auto a = create(named("a", 17001), {{1, "a", 1}});
  const auto b = create(named("b", 17002), {{2, "b", 2}});
  const auto c = create(named("c", 17003), {{3, "c", OverflowText{"inf"}}});
  const std::vector<TargetMove> circle{
      {renamed(a, "b"), a.target()}, {renamed(b, "c"), b.target()}, {renamed(c, "a"), c.target()}};
  {
    const auto abandoned = begin();
    abandoned->move(circle);
  }
  EXPECT_EQ(rows(a), Strings{"1|a|1"});
  move(circle);
  for (const bool again : {false, true}) {
    if (again) open();
    EXPECT_EQ(rows(circle[0].output).back(), "1|a|1");
    EXPECT_EQ(rows(circle[1].output).back(), "2|b|2");
    EXPECT_EQ(rows(circle[2].output).back(), "3|c|~inf");
    EXPECT_TRUE(destination().inspect(std::vector{circle[0].output, circle[1].output, circle[2].output}).empty());
    for (const auto& each : circle) add_row(each.output, again ? 10 : 11);
  }
  EXPECT_EQ(rows(circle[0].output), (Strings{"10|added|5", "11|added|5", "1|a|1"}));
}

TEST_P(MoveTest, p2_names_that_were_exchanged_survive_a_kill) {
  const auto a = create(named("a", 17001), {{1, "a", 1}});
  const auto b = create(named("b", 17002), {{2, "b", 2}});
  const std::vector<TargetMove> swap{{renamed(a, "b"), a.target()}, {renamed(b, "a"), b.target()}};
  close();
  killed([&](Destination& opened) {
    const auto commit = [&](const std::function<void(Transaction&)>& work) {
      const auto transaction = opened.begin({});
      work(*transaction);
      transaction->commit();
    };
    commit([&](Transaction& transaction) {
      transaction.move(swap);
      for (const auto& each : swap) transaction.put(PutOutput{each.output});
    });
    commit([&](Transaction& transaction) {
      apply(transaction, swap[0].output, Effect(swap[0].output.columns).insert({5, "after", 5}));
    });
    die();
  });
  open();
  EXPECT_EQ(rows(swap[0].output), (Strings{"1|a|1", "5|after|5"}));
  EXPECT_EQ(rows(swap[1].output), Strings{"2|b|2"});
}

TEST_P(MoveTest, a_target_goes_to_another_schema) {
  if (moves() != Moves::everywhere) GTEST_SKIP() << "tables do not get another schema there";
  const auto a = create(named("a", 17001), {{1, "a", 1}, {2, "b", OverflowText{"NaN"}}});
  const auto archived = renamed(a, "a", "archive");
  const auto b = create(named("b", 17002), {{3, "b", 3}});
  move({{archived, a.target()}, {renamed(b, "a"), b.target()}});
  add_row(archived, 4);
  EXPECT_EQ(rows(archived), (Strings{"1|a|1", "2|b|~NaN", "4|added|5"}));
  EXPECT_EQ(rows(renamed(b, "a")), Strings{"3|b|3"});
  EXPECT_FALSE(is_there(b));
  EXPECT_TRUE(destination().inspect({&archived, 1}).empty());
  move({{a, archived.target()}, {b, a.target()}});
  EXPECT_EQ(rows(a).size(), 3U);
  EXPECT_FALSE(is_there(archived));
}

TEST_P(MoveTest, a_target_replaces_the_one_of_a_table_that_is_gone) {
  create(named("orders", 17001), {{1, "old", 1}});
  const auto fresh = create(named("orders_new", 17002), {{2, "new", 2}});
  const auto orders = renamed(fresh, "orders");
  move({{orders, fresh.target()}});
  EXPECT_EQ(rows(orders), Strings{"2|new|2"});
  EXPECT_FALSE(is_there(fresh));
}

TEST_P(MoveTest, the_name_that_a_target_left_is_free_for_another_table) {
  const auto a = create(named("a", 17001), {{1, "a", 1}});
  const auto b = renamed(a, "b");
  move({{b, a.target()}});
  const auto another = create(named("a", 17002), {{1, "another", 2}});
  add_row(b, 10);
  add_row(another, 11);
  const Strings of_b{"10|added|5", "1|a|1"}, of_another{"11|added|5", "1|another|2"};
  for (const bool again : {false, true}) {
    if (again) open();
    EXPECT_EQ(rows(b), of_b);
    EXPECT_EQ(rows(another), of_another);
    EXPECT_TRUE(destination().inspect(std::vector{b, another}).empty());
  }
}

TEST_P(MoveTest, a_target_that_is_missing_is_refused) {
  const auto a = create(named("a", 17001), {{1, "a", 1}});
  const auto gone = record(named("gone", 17002));
  EXPECT_THROW(move({{renamed(a, "b"), a.target()}, {renamed(gone, "c"), gone.target()}}), destination::TargetRefused);
  EXPECT_EQ(rows(a), Strings{"1|a|1"});
  add_row(a, 2);
}

INSTANTIATE_TEST_SUITE_P(Contract, MoveTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
