// Messages to batches: whole commits, parts of huge transactions, cuts within a transaction.
#include "replication/core/assembler.h"

#include <gtest/gtest.h>

#include "test/unit/replication/batches.h"
#include "test/unit/replication/frames.h"

namespace walbrook::replication {
namespace {

constexpr Oid orders = 100;
constexpr Oid notes = 200;

class AssemblerTest : public ::testing::Test {
 protected:
  Assembler& make(AssemblerOptions options = {}) {
    assembler_.emplace(options, types_, groups_);
    feed(frames::begin(1, {1}));  // an empty transaction: relations may be described in it
    for (const auto oid : {orders, notes}) {
      feed(frames::relation(oid, oid == orders ? "orders" : "notes", 'd',
                            {{"id", type_oid::int4, true}, {"body", type_oid::text, false}}));
    }
    feed(frames::commit({1}, {2}));
    return *assembler_;
  }
  void feed(const std::string& frame) { assembler_->feed(frame); }
  // Feeds one transaction of `rows` inserts, without its commit.
  void open(std::uint32_t xid, Lsn commit_lsn, int rows, Oid table = orders) {
    feed(frames::begin(xid, commit_lsn));
    for (int i = 0; i < rows; ++i) feed(frames::insert(table, {std::to_string(i), "row"}));
  }
  void transaction(std::uint32_t xid, Lsn commit_lsn, int rows, Oid table = orders) {
    open(xid, commit_lsn, rows, table);
    feed(frames::commit(commit_lsn, {commit_lsn.value + 5}));
  }
  static std::size_t rows_of(const std::vector<Operation>& operations) {
    std::size_t rows = 0;
    for (const auto& operation : operations) {
      if (const auto* batch = std::get_if<RowBatch>(&operation)) rows += batch->rows();
    }
    return rows;
  }

  BuiltInTypes types_;
  TableGroups groups_;
  std::optional<Assembler> assembler_;
};

TEST_F(AssemblerTest, whole_commits_of_one_table_share_a_batch) {
  auto& assembler = make();
  transaction(10, {100}, 3);
  transaction(11, {200}, 2);
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->operations.size(), 1U);
  EXPECT_EQ(rows_of(batch->operations), 5U);
  EXPECT_EQ(batch->checkpoint, Lsn{205});
  ASSERT_EQ(batch->transactions.size(), 2U);
  EXPECT_EQ(batch->transactions[1].xid, 11U);
  EXPECT_EQ(std::get<RowBatch>(batch->operations[0]).transaction.back(), 1U);
  EXPECT_FALSE(assembler.cut());
}

TEST_F(AssemblerTest, a_cut_in_mid_transaction_takes_whole_commits_only) {
  auto& assembler = make();
  transaction(10, {100}, 3);
  open(11, {200}, 2);
  feed(frames::truncate({orders}));
  feed(frames::insert(orders, {"7", "after"}));
  const auto first = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(first);
  EXPECT_EQ(rows_of(first->operations), 3U);
  EXPECT_EQ(first->checkpoint, Lsn{105});
  EXPECT_FALSE(assembler.cut());
  feed(frames::insert(orders, {"8", "after"}));
  feed(frames::commit({200}, {205}));
  const auto second = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(second);
  ASSERT_EQ(second->operations.size(), 4U);  // two rows, TRUNCATE, a row before the cut and one after it
  EXPECT_EQ(std::get<RowBatch>(second->operations[0]).rows(), 2U);
  EXPECT_TRUE(std::holds_alternative<Truncate>(second->operations[1]));
  EXPECT_EQ(std::get<RowBatch>(second->operations[2]).rows(), 1U);
  EXPECT_EQ(std::get<RowBatch>(second->operations[3]).rows(), 1U);
  EXPECT_EQ(second->transactions.size(), 1U);
}

TEST_F(AssemblerTest, a_transaction_larger_than_the_batch_leaves_in_parts) {
  auto& assembler = make({.batch_rows = 10});
  transaction(10, {100}, 3);
  feed(frames::begin(11, {200}));
  std::vector<Batch> out;
  for (int i = 0; i < 35; ++i) {
    feed(frames::insert(orders, {std::to_string(i), "x"}));
    while (auto due = assembler.take_due()) out.push_back(*std::move(due));
  }
  feed(frames::commit({200}, {205}));
  while (auto due = assembler.take_due()) out.push_back(*std::move(due));
  if (auto rest = assembler.cut()) out.push_back(*std::move(rest));

  ASSERT_GE(out.size(), 4U);
  EXPECT_EQ(std::get<CommitBatch>(out.front()).checkpoint, Lsn{105});
  std::size_t rows = 0;
  for (std::size_t i = 1; i + 1 < out.size(); ++i) {
    const auto& part = std::get<TransactionPart>(out[i]);
    EXPECT_EQ(part.xid, 11U);
    rows += rows_of(part.operations);
  }
  const auto& last = std::get<CommitBatch>(out.back());
  EXPECT_EQ(last.checkpoint, Lsn{205});
  ASSERT_TRUE(std::holds_alternative<MergeParts>(last.operations.front()));
  EXPECT_EQ(std::get<MergeParts>(last.operations.front()).xid, 11U);
  EXPECT_EQ(rows + rows_of(last.operations), 35U);
}

TEST_F(AssemblerTest, changes_are_numbered_over_all_tables_of_their_transaction) {
  AssemblerOptions small;
  small.batch_rows = 4;
  auto& assembler = make(small);
  feed(frames::begin(10, {100}));
  feed(frames::insert(orders, {"1", "a"}));
  feed(frames::insert(notes, {"1", "b"}));
  feed(frames::truncate({orders, notes}));
  feed(frames::insert(orders, {"2", "c"}));
  const auto part = only<TransactionPart>(assembler.take_due());  // its numbers continue
  ASSERT_TRUE(part);
  feed(frames::insert(notes, {"2", "d"}));
  feed(frames::commit({100}, {105}));
  transaction(11, {200}, 2);
  const auto rest = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(rest);
  std::vector<std::uint32_t> numbers;
  for (const auto* operations : {&part->operations, &rest->operations}) {
    for (const auto& operation : *operations) {
      if (const auto* batch = std::get_if<RowBatch>(&operation)) {
        numbers.insert(numbers.end(), batch->sequence.begin(), batch->sequence.end());
      } else if (const auto* truncate = std::get_if<Truncate>(&operation)) {
        numbers.push_back(truncate->sequence);
      }
    }
  }
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 0, 1}));
}

TEST_F(AssemblerTest, p5_an_old_tuple_without_its_update_is_not_counted) {
  const auto bytes_of = [this](const std::string& change) {
    auto& assembler = make();
    feed(frames::begin(10, {100}));
    feed(change);
    feed(frames::commit({100}, {105}));
    const auto batch = only<CommitBatch>(assembler.cut()).value();
    EXPECT_EQ(batch.errors.size(), 1U);
    EXPECT_EQ(rows_of(batch.operations), 0U);
    return batch.bytes;
  };
  EXPECT_EQ(bytes_of(frames::update(orders, 'O', {"1", std::string(1000, 'x')}, {"none", "y"})),
            bytes_of(frames::insert(orders, {"none", "y"})));
}

TEST_F(AssemblerTest, commits_that_are_durable_already_are_skipped) {
  auto& assembler = make({.checkpoint = {105}});
  transaction(10, {100}, 3);
  transaction(11, {105}, 2);
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->transactions.size(), 1U);
  EXPECT_EQ(rows_of(batch->operations), 2U);
}

TEST_F(AssemblerTest, until_cuts_before_the_commit_at_that_position) {
  auto& assembler = make({.until = Lsn{200}});
  transaction(10, {199}, 1);
  EXPECT_FALSE(assembler.reached_until());
  feed(frames::begin(11, {200}));
  EXPECT_TRUE(assembler.reached_until());
  feed(frames::insert(orders, {"1", "x"}));
  feed(frames::commit({200}, {205}));
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(rows_of(batch->operations), 1U);
  EXPECT_EQ(batch->checkpoint, Lsn{204});
}

// Nothing is read any more then, so nothing else would settle the comparison.
TEST_F(AssemblerTest, until_settles_what_is_to_be_compared) {
  auto& assembler = make({.checkpoint = {105}, .last = {.commit_lsn = {100}}, .begins_at = {50}, .until = Lsn{200}});
  EXPECT_FALSE(assembler.is_compared());
  feed(frames::begin(11, {200}));
  EXPECT_TRUE(assembler.reached_until());
  EXPECT_TRUE(assembler.is_compared());
  EXPECT_EQ(assembler.next_commit(), Lsn{200});
}

TEST_F(AssemblerTest, an_empty_transaction_is_no_commit) {
  auto& assembler = make();
  transaction(10, {100}, 0);
  EXPECT_FALSE(assembler.has_commits());
  EXPECT_EQ(assembler.position(), Lsn{105});
}

// A server before version 15 also sends transactions without published changes. Found by the simulation: the memory
// that they had taken was never released, until an empty one left as a part of a transaction that did not fit.
TEST_F(AssemblerTest, empty_transactions_take_no_room) {
  auto& assembler = make({.batch_bytes = 500});
  for (std::uint64_t at = 100; at < 10'000; at += 100) {
    feed(frames::begin(10, {at}));
    ASSERT_FALSE(assembler.take_due()) << at;
    feed(frames::commit({at}, {at + 5}));
    ASSERT_FALSE(assembler.take_due()) << at;
  }
  // The same if whole commits are cut while an empty transaction is open.
  transaction(11, {20'000}, 1);
  for (std::uint64_t at = 20'100; at < 30'000; at += 200) {
    feed(frames::begin(12, {at}));
    static_cast<void>(assembler.cut());
    feed(frames::commit({at}, {at + 5}));
    ASSERT_FALSE(assembler.take_due()) << at;
    transaction(13, {at + 100}, 1);
    ASSERT_FALSE(assembler.take_due()) << at;
  }
  EXPECT_EQ(rows_of(only<CommitBatch>(assembler.cut()).value().operations), 1U);
}

TEST_F(AssemblerTest, a_prepared_transaction_takes_its_room_with_it) {
  auto& assembler = make({.protocol = 3});
  transaction(10, {100}, 1);
  const auto empty = only<CommitBatch>(assembler.cut()).value().bytes;
  transaction(11, {200}, 1);
  feed(frames::encode(postgres::BeginPrepare{
      .prepare_lsn = {300}, .end_lsn = {305}, .prepare_time = frames::at_2000, .xid = 12, .gid = "twelve"}));
  static_cast<void>(assembler.cut());  // while it is open
  feed(frames::encode(postgres::Prepare{.flags = 0,
                                        .prepare_lsn = {300},
                                        .end_lsn = {305},
                                        .prepare_time = frames::at_2000,
                                        .xid = 12,
                                        .gid = "twelve"}));
  transaction(13, {400}, 1);
  EXPECT_EQ(only<CommitBatch>(assembler.cut()).value().bytes, empty);
}

TEST_F(AssemblerTest, a_relation_that_says_the_same_again_closes_nothing) {
  auto& assembler = make();
  transaction(10, {100}, 1);
  feed(frames::begin(11, {200}));
  feed(frames::relation(orders, "orders", 'd', {{"id", type_oid::int4, true}, {"body", type_oid::text, false}}));
  feed(frames::insert(orders, {"1", "x"}));
  feed(frames::relation(orders, "orders", 'd',
                        {{"id", type_oid::int4, true}, {"body", type_oid::text, false}, {"n", type_oid::int4, false}}));
  feed(frames::insert(orders, {"2", "x", "3"}));
  feed(frames::commit({200}, {205}));
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->operations.size(), 2U);
  EXPECT_EQ(std::get<RowBatch>(batch->operations[0]).rows(), 2U);
  EXPECT_EQ(std::get<RowBatch>(batch->operations[1]).columns.size(), 3U);
}

TEST_F(AssemblerTest, under_full_the_old_tuple_fills_unchanged_toast) {
  auto& assembler = make();
  feed(frames::begin(11, {200}));
  feed(frames::relation(notes, "notes", 'f', {{"id", type_oid::int4, true}, {"body", type_oid::text, true}}));
  feed(frames::update(notes, 'O', {"1", "a big value"}, {"2", "\x01"}));
  feed(frames::commit({200}, {205}));
  const auto batch = only<CommitBatch>(assembler.cut());
  const auto& rows = std::get<RowBatch>(batch->operations[0]);
  ASSERT_EQ(rows.rows(), 2U);
  EXPECT_EQ(rows.ops[0], Op::before);
  EXPECT_EQ(rows.columns[1].bytes_at(1), "a big value");
  EXPECT_FALSE(rows.has_unchanged());
}

TEST_F(AssemblerTest, leaves_of_one_table_keep_their_order) {
  groups_.set({{orders, 1}, {notes, 1}});
  auto& assembler = make();
  feed(frames::begin(11, {200}));
  feed(frames::insert(orders, {"1", "a"}));
  feed(frames::insert(notes, {"1", "b"}));
  feed(frames::insert(orders, {"1", "c"}));
  feed(frames::commit({200}, {205}));
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_EQ(batch->operations.size(), 3U);
  EXPECT_EQ(std::get<RowBatch>(batch->operations[1]).schema->oid, notes);
}

TEST_F(AssemblerTest, a_value_that_is_none_sets_its_table_aside) {
  auto& assembler = make();
  feed(frames::begin(11, {200}));
  feed(frames::insert(orders, {"1", "a"}));
  feed(frames::insert(orders, {"not a number", "b"}));
  feed(frames::insert(orders, {"3", "c"}));
  feed(frames::insert(notes, {"4", "d"}));
  feed(frames::commit({200}, {205}));
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_EQ(batch->errors.size(), 1U);
  EXPECT_EQ(batch->errors[0].oid, orders);
  EXPECT_NE(batch->errors[0].reason.find("column \"id\" at commit 0/C8"), std::string::npos);
  EXPECT_EQ(batch->errors[0].commit_lsn, Lsn{200});
  EXPECT_EQ(std::get<RowBatch>(batch->operations[1]).rows(), 1U);
}

// The table is restored by a copy while the stream goes on: its changes are dropped where it is suspended, not here.
TEST_F(AssemblerTest, p4_a_value_that_is_none_concerns_its_own_transaction_alone) {
  auto& assembler = make();
  for (std::uint32_t xid = 11; xid <= 12; ++xid) {
    const std::uint64_t at = xid * 16;
    feed(frames::begin(xid, {at}));
    for (const auto* id : {"x", "y"}) feed(frames::insert(orders, {id, "b"}));
    feed(frames::commit({at}, {at + 5}));
    const auto batch = only<CommitBatch>(assembler.cut());
    ASSERT_EQ(batch->errors.size(), 1U) << "once a transaction";
    EXPECT_EQ(batch->errors[0].commit_lsn, Lsn{at});
    EXPECT_EQ(rows_of(batch->operations), 0U);
    transaction(20 + xid, {at + 8}, 3);
    const auto next = only<CommitBatch>(assembler.cut());
    ASSERT_TRUE(next);
    EXPECT_EQ(rows_of(next->operations), 3U);
    EXPECT_TRUE(next->errors.empty());
  }
}

TEST_F(AssemblerTest, an_update_that_cannot_be_read_leaves_nothing_of_itself) {
  auto& assembler = make();
  feed(frames::begin(11, {200}));
  feed(frames::insert(orders, {"1", "a"}));
  feed(frames::update(orders, 'K', {"1", std::nullopt}, {"none", "b"}));
  feed(frames::insert(orders, {"2", "c"}));
  feed(frames::commit({200}, {205}));
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_EQ(batch->errors.size(), 1U);
  ASSERT_EQ(batch->operations.size(), 1U);
  const auto& rows = std::get<RowBatch>(batch->operations[0]);
  EXPECT_TRUE(rows.is_whole());
  EXPECT_EQ(rows.ops, (std::vector{Op::insert, Op::insert}));
}

TEST_F(AssemblerTest, what_the_protocol_forbids_is_an_error) {
  auto& assembler = make();
  EXPECT_THROW(feed(frames::commit({1}, {2})), Error);
  EXPECT_THROW(feed(frames::insert(orders, {"1", "a"})), Error);
  feed(frames::begin(1, {10}));
  EXPECT_THROW(feed(frames::begin(2, {20})), Error);
  EXPECT_THROW(feed(frames::insert(999, {"1"})), Error);
  EXPECT_THROW(feed(frames::insert(orders, {"1"})), Error);
  EXPECT_THROW(feed("?"), Error);
  EXPECT_FALSE(assembler.has_commits());
}

TEST_F(AssemblerTest, an_error_tells_where_in_the_stream_it_happened) {
  make();
  const auto lsn_of = [this](const std::string& frame) {
    try {
      feed(frame);
    } catch (const Error& failed) {
      return failed.facts().lsn;
    }
    return std::string("no error");
  };
  feed(frames::begin(1, {0x10}));
  EXPECT_EQ(lsn_of("?"), "0/10");
  EXPECT_EQ(lsn_of(frames::insert(orders, {"1"})), "0/10");
  feed(frames::commit({0x10}, {0x15}));
  EXPECT_EQ(lsn_of(frames::insert(orders, {"1", "a"})), "0/15");
}

}  // namespace
}  // namespace walbrook::replication
