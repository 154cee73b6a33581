// Copies are invisible until they are swapped in, unusable until they are finished, and replaced in one transaction.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

using destination::CopyTarget;

class CopyTest : public ContractTest {
 protected:
  void swap_in(const OutputRecord& table) {
    load(0x2000, [&](Transaction& transaction) { transaction.swap_in(table); });
  }
};

TEST_P(CopyTest, a_copy_is_invisible_until_it_is_swapped_in) {
  open();
  const auto table = record(orders);
  copy(table, {{1, "a"}});
  EXPECT_FALSE(is_there(table));
  swap_in(table);
  EXPECT_EQ(rows(table), Strings{"1|a"});
}

TEST_P(CopyTest, a_new_copy_replaces_the_target_at_once) {
  open();
  const auto table = create(orders, {{1, "old"}});
  copy(table, {{2, "new"}, {3, "new"}});
  merge(table, Effect(orders).insert({4, "old"}));
  EXPECT_EQ(rows(table), (Strings{"1|old", "4|old"}));
  load(0x2000, [&](Transaction& transaction) {
    transaction.swap_in(table);
    apply(transaction, table, Effect(orders).replace({3, "merged"}));
  });
  EXPECT_EQ(rows(table), (Strings{"2|new", "3|merged"}));
}

TEST_P(CopyTest, a_new_copy_may_have_other_columns) {
  open();
  create(orders, {{1, "old"}});
  const auto table = record(contract::table("orders", {{"id", int8, key}, {"price", numeric}}));
  copy(table, {{1, 5}});
  swap_in(table);
  EXPECT_EQ(rows(table), Strings{"1|5"});
}

TEST_P(CopyTest, copies_of_many_tables_become_whole_together) {
  open();
  std::vector<OutputRecord> records;
  std::vector<CopyTarget> targets;
  for (int i = 0; i < 40; ++i) {
    records.push_back(record(
        contract::table("t" + std::to_string(i), {{"id", int4, key}, {"note", text}}, 17000 + static_cast<Oid>(i))));
  }
  for (const auto& each : records) targets.push_back({.output = &each, .schema = each.columns});
  const auto writer = destination().begin_copy(targets);
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (int batch = 0; batch < static_cast<int>(i) % 3; ++batch) {
      writer->append(i, inserts(records[i].columns, {{2 * batch, "a"}, {2 * batch + 1, "b"}}));
    }
  }
  writer->finish();
  EXPECT_FALSE(is_there(records[1]));
  load(0x2000, [&](Transaction& transaction) {
    for (const auto& each : records) transaction.swap_in(each);
  });
  EXPECT_EQ(rows(records[0]), Strings{});
  EXPECT_EQ(rows(records[1]), (Strings{"0|a", "1|b"}));
  EXPECT_EQ(rows(records[38]).size(), 4U);
}

TEST_P(CopyTest, a_copy_that_is_given_up_leaves_nothing) {
  open();
  const auto table = record(orders);
  copy_writer(table)->append(0, inserts(orders, {{1, "a"}}));
  EXPECT_FALSE(is_there(table));
  EXPECT_NE(error_of([&] { swap_in(table); }), "");
}

TEST_P(CopyTest, a_copy_that_was_not_finished_when_its_process_died_leaves_nothing) {
  open();
  const auto table = record(orders);
  killed([&](Destination& opened) {
    const CopyTarget target{.output = &table, .schema = orders};
    const auto writer = opened.begin_copy({&target, 1});
    RowBatch batch(orders);
    for (int i = 0; i < 200'000; ++i) append(batch, Op::insert, {i, "note"});
    for (int i = 0; i < 4; ++i) writer->append(0, batch);
    die();
  });
  open();
  EXPECT_FALSE(is_there(table));
  EXPECT_NE(error_of([&] { swap_in(table); }), "");
  create(orders, {{1, "a"}});
  EXPECT_EQ(rows(table), Strings{"1|a"});
}

TEST_P(CopyTest, p2_a_copy_that_was_swapped_in_survives_a_kill) {
  open();
  const auto table = record(orders);
  constexpr int count = 100'000;
  killed([&](Destination& opened) {
    const CopyTarget target{.output = &table, .schema = orders};
    const auto writer = opened.begin_copy({&target, 1});
    RowBatch batch(orders);
    for (int i = 0; i < count; ++i) append(batch, Op::insert, {i, "note"});
    writer->append(0, batch);
    writer->finish();
    const auto transaction = opened.begin({});
    transaction->swap_in(table);
    transaction->commit();
    die();
  });
  open();
  EXPECT_EQ(rows(table).size(), static_cast<std::size_t>(count));
}

TEST_P(CopyTest, a_copy_that_is_begun_again_replaces_a_finished_one) {
  open();
  const auto table = record(orders);
  copy(table, {{1, "first"}});
  copy(table, {{1, "second"}});
  swap_in(table);
  EXPECT_EQ(rows(table), Strings{"1|second"});
}

TEST_P(CopyTest, a_copy_without_rows) {
  open();
  const auto table = record(orders);
  copy_writer(table)->finish();
  swap_in(table);
  EXPECT_EQ(rows(table), Strings{});
}

TEST_P(CopyTest, p4_overflow_columns_come_with_the_first_value_that_needs_one) {
  open();
  const auto table = record(contract::table("money", {{"id", int4, key}, {"a", numeric}, {"b", numeric}}));
  const auto writer = copy_writer(table);
  writer->append(0, inserts(table.columns, {{1, 1'000'000'000, 1}}));
  writer->append(0, inserts(table.columns, {{2, OverflowText{"NaN"}, 1}, {3, 1, 1}}));
  writer->append(0, inserts(table.columns, {{4, OverflowText{"1e50"}, OverflowText{"-1e50"}}}));
  writer->finish();
  load(0x2000, [&](Transaction& transaction) {
    transaction.swap_in(table);
    apply(transaction, table, Effect(table.columns).insert({5, OverflowText{"inf"}, 2}));
  });
  EXPECT_EQ(rows(table), (Strings{"1|1000000000|1", "2|~NaN|1", "3|1|1", "4|~1e50|~-1e50", "5|~inf|2"}));
}

TEST_P(CopyTest, an_alteration_while_a_table_is_copied_is_of_its_target_too) {
  open();
  const auto narrow = create(orders, {{1, "old"}});
  auto copying = narrow;
  copying.state = OutputState::copying;
  const auto wide = record(contract::table("orders", {{"id", int4, key}, {"note", text}, {"price", int4}}));
  const auto add_price = [&] {
    load(0x2000, [&](Transaction& transaction) { transaction.alter(copying, {.columns = wide.columns->columns}); });
  };
  add_price();  // there is no copy yet
  EXPECT_EQ(rows(wide), Strings{"1|old|-"});
  copy(narrow, {{2, "new"}});
  add_price();
  EXPECT_EQ(rows(wide), Strings{"1|old|-"});
  swap_in(narrow);
  EXPECT_EQ(rows(wide), Strings{"2|new|-"});
}

TEST_P(CopyTest, a_copy_follows_its_source_and_the_target_that_readers_see_does_not) {
  open();
  if (!rows_change()) GTEST_SKIP() << "rows do not change there";
  const PhysicalType narrow{Layout::decimal, 6, 2};
  const PhysicalType wide{Layout::decimal, 20, 3};
  const auto before =
      contract::table("moves", {{"id", int4, key}, {"a", int4}, {"b", int4}, {"c", narrow}, {"left", text}});
  auto live = create(before, {{1, 10, 100, 125, "seen"}});
  auto copying = live;
  copying.state = OutputState::copying;
  copy(copying, {{1, 11, 101, 125, "old"}, {2, Null{}, 200, Null{}, "old"}});
  // a and b exchange their names, c is widened, `left` was dropped and comes back.
  const auto after =
      contract::table("moves", {{"id", int4, key}, {"b", int4}, {"a", int4}, {"c", wide}, {"left", int4}});
  const auto& now = after->columns;
  const auto fill = inserts(contract::table("fill", {{"left", int4}}), {{7}});
  load(0x2000, [&](Transaction& transaction) {
    transaction.alter_copy(copying, {.renamed = {{.from = "a", .to = now[1]}, {.from = "b", .to = now[2]}},
                                     .widened = {now[3]},
                                     .columns = {now[4]},
                                     .values = {{"left", std::make_shared<const Column>(fill.columns[0])}},
                                     .replaces_dropped = true});
  });
  EXPECT_EQ(rows(live), Strings{"1|10|100|125|seen"});
  live.columns = after;
  load(0x3000, [&](Transaction& transaction) {
    transaction.swap_in(live);
    apply(transaction, live, Effect(after).replace({2, 20, 201, 123456789, 8}).insert({3, 30, 300, 1, Null{}}));
    transaction.put(destination::PutOutput{live});
  });
  const Strings expected{"1|11|101|1250|7", "2|20|201|123456789|8", "3|30|300|1|-"};
  EXPECT_EQ(rows(live), expected);
  open();
  EXPECT_EQ(rows(live), expected);
}

TEST_P(CopyTest, a_copy_gets_a_column_that_the_target_lacks) {
  open();
  auto live = create(orders, {{1, "seen"}});
  auto copying = live;
  copying.state = OutputState::copying;
  copy(copying, {{2, "new"}});
  const auto wide = contract::table("orders", {{"id", int4, key}, {"note", text}, {"price", int4}});
  load(0x2000, [&](Transaction& transaction) {
    transaction.alter_copy(copying, {.columns = {wide->columns.back()}, .replaces_dropped = true});
  });
  EXPECT_EQ(rows(live), Strings{"1|seen"});
  live.columns = wide;
  load(0x3000, [&](Transaction& transaction) {
    transaction.swap_in(live);
    apply(transaction, live, Effect(wide).insert({3, "later", 5}));
    transaction.put(destination::PutOutput{live});
  });
  EXPECT_EQ(rows(live), (Strings{"2|new|-", "3|later|5"}));
}

TEST_P(CopyTest, an_output_without_a_copy_has_none_to_alter) {
  open();
  auto table = create(orders, {{1, "seen"}});
  table.state = OutputState::copying;
  EXPECT_NE(error_of([&] {
              load(0x2000, [&](Transaction& transaction) { transaction.alter_copy(table, {.columns = {}}); });
            }),
            "");
  EXPECT_EQ(rows(table), Strings{"1|seen"});
}

TEST_P(CopyTest, a_copy_of_an_output_that_is_not_copied_any_more_is_dropped) {
  open();
  for (const auto state : {OutputState::pending, OutputState::suspended, OutputState::removed, OutputState::left_out}) {
    auto table = record(orders);
    copy(table, {{1, "a"}});
    table.state = state;
    load(0x2000, [&](Transaction& transaction) { transaction.put(destination::PutOutput{table}); });
    EXPECT_NE(error_of([&] { swap_in(table); }), "") << destination::to_string(state);
  }
  auto table = record(orders, OutputState::copying);
  copy(table, {{1, "a"}});
  load(0x2000, [&](Transaction& transaction) { transaction.put(destination::PutOutput{table}); });
  swap_in(table);
  EXPECT_EQ(rows(table), Strings{"1|a"});
}

TEST_P(CopyTest, a_finished_copy_can_get_overflow_columns) {
  open();
  auto table = record(contract::table("money", {{"id", int4, key}, {"a", numeric}}), OutputState::copying);
  copy(table, {{1, 1}});
  add_overflow(table, {"a"});
  load(0x2000, [&](Transaction& transaction) {
    transaction.swap_in(table);
    apply(transaction, table, Effect(table.columns).replace({1, OverflowText{"NaN"}}));
  });
  EXPECT_EQ(rows(table), Strings{"1|~NaN"});
}

TEST_P(CopyTest, several_copies_are_written_while_transactions_go_on) {
  open();
  const auto live = create(orders, {{1, "0"}});
  constexpr int copies = 3;
  constexpr int parts = 10;
  constexpr int rows_a_part = 5000;
  std::vector<OutputRecord> records;
  for (int i = 0; i < copies; ++i) {
    records.push_back(record(
        contract::table("copied_" + std::to_string(i), {{"id", int8, key}, {"v", text}}, 19000 + static_cast<Oid>(i))));
    records.back().target_schema = "fresh";  // every copy tries to create it
  }
  std::vector<std::string> failures(copies);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < copies; ++i) {
      threads.emplace_back([&, i] {
        failures[i] = error_of([&] {
          const auto writer = copy_writer(records[i]);
          for (int part = 0; part < parts; ++part) {
            RowBatch batch(records[i].columns);
            for (int row = 0; row < rows_a_part; ++row)
              append(batch, Op::insert, {part * rows_a_part + row, "some text"});
            writer->append(0, batch);
          }
          writer->finish();
        });
      });
    }
    for (int i = 1; i <= 50; ++i) merge(live, Effect(orders).replace({1, std::to_string(i)}));
  }
  for (const auto& failure : failures) EXPECT_EQ(failure, "");
  load(0x9000, [&](Transaction& transaction) {
    for (const auto& each : records) transaction.swap_in(each);
  });
  for (const auto& each : records) {
    auto found = rows(each);
    EXPECT_EQ(found.size(), static_cast<std::size_t>(parts * rows_a_part));
    EXPECT_EQ(std::ranges::adjacent_find(found), found.end()) << "a row is there twice";
  }
  EXPECT_EQ(rows(live), Strings{"1|50"});
}

INSTANTIATE_TEST_SUITE_P(Contract, CopyTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
