// A transaction is atomic and durable.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

using destination::PutCheckpoint;
using destination::PutLoad;
using destination::PutOutput;

class TransactionTest : public ContractTest {};

const auto other = table("other", {{"id", int4, key}}, 16500);

TEST_P(TransactionTest, p1_rows_states_and_checkpoint_are_visible_together) {
  open();
  const auto table = create(orders, {{1, "a"}});
  const auto before = state().checkpoint->lsn;
  auto changed = table;
  changed.suspect = "for a test";
  const auto transaction = begin();
  apply(*transaction, table, Effect(orders).insert({2, "b"}));
  transaction->put(PutOutput{changed});
  transaction->put(PutCheckpoint{at(0x5000)});
  EXPECT_EQ(rows(table), Strings{"1|a"}) << "seen before the commit";
  transaction->commit();
  EXPECT_EQ(rows(table), (Strings{"1|a", "2|b"}));
  EXPECT_LT(before, Lsn{0x5000});
}

TEST_P(TransactionTest, p1_a_transaction_that_is_not_committed_leaves_nothing) {
  open();
  const auto table = create(orders, {{1, "a"}, {2, "b"}});
  const auto added = record(other);
  load(0x4000, [](Transaction& transaction) { transaction.put(destination::KeepPrepared{.xid = 7, .bytes = "kept"}); });
  copy(added, {{1}});
  {
    const auto transaction = begin();
    transaction->truncate(table);
    apply(*transaction, table, Effect(orders).insert({3, "c"}));
    transaction->swap_in(added);
    apply(*transaction, added, Effect(other).insert({2}));
    transaction->put(destination::KeepPrepared{.xid = 7, .bytes = "lost"});
    transaction->put(destination::DropPrepared{.xid = 7});
    transaction->put(PutOutput{added});
    transaction->put(PutLoad{{.first_commit = Lsn{1}, .last_commit = Lsn{2}, .started = {}, .tables = "{}"}});
    transaction->put(PutCheckpoint{at(0x9000)});
  }
  const auto expect_unchanged = [&] {
    EXPECT_EQ(rows(table), (Strings{"1|a", "2|b"}));
    EXPECT_FALSE(is_there(added));
    Strings kept;
    begin()->read_prepared(7, [&](std::string_view bytes) { kept.emplace_back(bytes); });
    EXPECT_EQ(kept, Strings{"kept"});
    EXPECT_EQ(state().checkpoint->lsn, Lsn{0x4000});
    EXPECT_EQ(state().outputs.size(), 1U);
    EXPECT_EQ(state().newest_load, 0);
  };
  expect_unchanged();
  open();
  expect_unchanged();
  // The next transaction succeeds as if this one had never begun.
  copy(added, {{1}});
  load(0x9000, [&](Transaction& transaction) { transaction.swap_in(added); });
  EXPECT_EQ(rows(added), Strings{"1"});
}

TEST_P(TransactionTest, what_is_done_in_one_transaction_is_done_in_order) {
  open();
  const auto table = create(orders, {{1, "a"}, {2, "b"}});
  load(0x2000, [&](Transaction& transaction) {
    apply(transaction, table, Effect(orders).insert({3, "c"}));
    transaction.truncate(table);
    apply(transaction, table, Effect(orders).insert({2, "after"}).insert({3, "gone"}));
    apply(transaction, table, Effect(orders).remove({3, Null{}}).replace({2, "at last"}));
  });
  EXPECT_EQ(rows(table), Strings{"2|at last"});
}

TEST_P(TransactionTest, a_table_that_was_swapped_in_can_be_changed_at_once) {
  open();
  const auto table = create(orders, {{1, "old"}});
  copy(table, {{1, "new"}, {2, "new"}});
  load(0x2000, [&](Transaction& transaction) {
    transaction.swap_in(table);
    apply(transaction, table, Effect(orders).replace({2, "merged"}).insert({3, "merged"}));
  });
  EXPECT_EQ(rows(table), (Strings{"1|new", "2|merged", "3|merged"}));
}

TEST_P(TransactionTest, a_table_can_move_to_another_name) {
  open();
  const auto table = create(orders, {{1, "old"}});
  auto moved = table;
  moved.target_schema = "lake";
  moved.target_name = "orders_of_all";
  copy(moved, {{1, "new"}});
  const auto former = table.target();
  load(0x2000, [&](Transaction& transaction) {
    transaction.swap_in(moved, &former);
    transaction.put(PutOutput{moved});
  });
  EXPECT_EQ(rows(moved), Strings{"1|new"});
  EXPECT_FALSE(is_there(table));
}

TEST_P(TransactionTest, p2_kill_before_commit_leaves_the_state_before) {
  open();
  const auto table = create(orders, {{1, "a"}});
  killed([&](Destination& opened) {
    const auto transaction = opened.begin({});
    apply(*transaction, table, Effect(orders).replace({1, "z"}).insert({2, "b"}));
    transaction->put(PutCheckpoint{at(0x9000)});
    die();
  });
  EXPECT_LT(open().checkpoint->lsn, Lsn{0x9000});
  EXPECT_EQ(rows(table), Strings{"1|a"});
}

TEST_P(TransactionTest, p2_kill_after_commit_keeps_all_of_it) {
  open();
  const auto table = create(orders, {{1, "a"}});
  killed([&](Destination& opened) {
    for (int i = 0; i < 20; ++i) {
      const auto transaction = opened.begin({});
      apply(*transaction, table, Effect(orders).replace({1, "z" + std::to_string(i)}).insert({i + 2, "b"}));
      transaction->put(destination::KeepPrepared{.xid = 9, .bytes = std::string(100'000, static_cast<char>('a' + i))});
      transaction->put(PutCheckpoint{at(0x9000 + static_cast<std::uint64_t>(i))});
      transaction->commit();
    }
    die();
  });
  EXPECT_EQ(open().checkpoint->lsn, Lsn{0x9000 + 19});
  const auto found = rows(table);
  EXPECT_EQ(found.size(), 21U);
  EXPECT_EQ(found.front(), "10|b");
  EXPECT_NE(std::ranges::find(found, "1|z19"), found.end());
  int parts = 0;
  begin()->read_prepared(
      9, [&](std::string_view bytes) { EXPECT_EQ(bytes, std::string(100'000, static_cast<char>('a' + parts++))); });
  EXPECT_EQ(parts, 20);
}

TEST_P(TransactionTest, p2_kill_after_a_swap_and_changes_keeps_them) {
  open();
  const auto table = create(orders, {{1, "old"}});
  killed([&](Destination& opened) {
    auto copying = table;
    copying.state = OutputState::copying;
    const destination::CopyTarget target{.output = &copying, .schema = orders};
    const auto writer = opened.begin_copy({&target, 1});
    writer->append(0, inserts(orders, {{1, "new"}, {2, "new"}, {3, "new"}}));
    writer->finish();
    {
      const auto alteration = opened.begin({});
      alteration->alter(copying, {.overflow = {"note"}});
      alteration->commit();
    }
    const auto transaction = opened.begin({});
    transaction->swap_in(table);
    apply(*transaction, table,
          Effect(orders).replace({2, "merged"}).remove({3, Null{}}).insert({4, OverflowText{"odd"}}));
    transaction->put(PutCheckpoint{at(0x9000)});
    transaction->commit();
    die();
  });
  EXPECT_EQ(open().checkpoint->lsn, Lsn{0x9000});
  EXPECT_EQ(rows(table), (Strings{"1|new", "2|merged", "4|~odd"}));
  merge(table, Effect(orders).remove({1, Null{}}));
  EXPECT_EQ(rows(table), (Strings{"2|merged", "4|~odd"}));
}

INSTANTIATE_TEST_SUITE_P(Contract, TransactionTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
