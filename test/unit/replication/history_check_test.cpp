// Whether a stream continues the history of the checkpoint, and what the assembler takes as the last transaction.
#include "replication/core/history_check.h"

#include <gtest/gtest.h>

#include "replication/core/assembler.h"
#include "test/unit/replication/batches.h"
#include "test/unit/replication/frames.h"

namespace walbrook::replication {
namespace {

constexpr Transaction known_last{.xid = 700, .commit_lsn = {100}, .commit_time = 5};
constexpr Lsn compared_to{150};

Transaction at(std::uint64_t lsn, std::uint32_t xid, std::int64_t time = 5) {
  return {.xid = xid, .commit_lsn = {lsn}, .commit_time = time};
}

std::uint32_t refused_since(HistoryCheck& check, const Transaction& seen) {
  try {
    check.transaction(seen);
  } catch (const OtherHistory& other) {
    EXPECT_EQ(other.kind(), ErrorKind::source_not_ready);
    EXPECT_NE(other.hint().find("--reset"), std::string::npos);
    return other.since();
  }
  ADD_FAILURE() << "was taken";
  return 0;
}

TEST(HistoryCheckTest, the_last_transaction_and_nothing_after_it_is_the_same_history) {
  HistoryCheck check(known_last, {50}, compared_to);
  check.transaction(at(60, 1));  // before it: the checkpoint does not know these
  check.transaction(known_last);
  EXPECT_FALSE(check.is_settled());
  check.reached({149});
  EXPECT_FALSE(check.is_settled());
  check.reached(compared_to);
  EXPECT_TRUE(check.is_settled());
  check.transaction(at(120, 9));  // no longer compared
}

TEST(HistoryCheckTest, each_of_the_three_facts_counts) {
  for (const auto& seen : {at(100, 701), at(100, 700, 6)}) {
    HistoryCheck check(known_last, {50}, compared_to);
    EXPECT_EQ(refused_since(check, seen), 0U) << "no alteration of a publication explains this";
  }
  HistoryCheck elsewhere(known_last, {50}, compared_to);
  EXPECT_EQ(refused_since(elsewhere, at(101, 700)), 700U);
}

TEST(HistoryCheckTest, one_between_the_last_transaction_and_the_checkpoint_is_refused) {
  HistoryCheck check(known_last, {50}, compared_to);
  check.transaction(known_last);
  EXPECT_EQ(refused_since(check, at(120, 699)), 699U) << "the one that began first";
  HistoryCheck wrapped({.xid = 4'000'000'000, .commit_lsn = {100}}, {50}, compared_to);
  EXPECT_EQ(refused_since(wrapped, at(120, 5)), 4'000'000'000U);
}

TEST(HistoryCheckTest, the_last_transaction_must_come_where_the_slot_is_before_it) {
  for (const std::uint64_t begins_at : {50, 100}) {
    HistoryCheck check(known_last, {begins_at}, compared_to);
    EXPECT_THROW(check.reached(compared_to), OtherHistory);
  }
  HistoryCheck confirmed(known_last, {101}, compared_to);
  EXPECT_FALSE(confirmed.is_settled());
  EXPECT_EQ(refused_since(confirmed, at(120, 701)), 700U);
  confirmed.reached(compared_to);
  EXPECT_TRUE(confirmed.is_settled());
}

TEST(HistoryCheckTest, without_a_transaction_none_may_come) {
  HistoryCheck check({.commit_lsn = {100}}, {50}, compared_to);
  check.transaction(at(99, 1));
  EXPECT_EQ(refused_since(check, at(100, 701)), 701U);
  check.reached(compared_to);
  EXPECT_TRUE(check.is_settled());
}

TEST(HistoryCheckTest, nothing_to_compare) {
  EXPECT_TRUE(HistoryCheck({}, {50}, compared_to).is_settled()) << "nothing is known of the last one";
  EXPECT_TRUE(HistoryCheck(known_last, compared_to, compared_to).is_settled()) << "the slot is at the checkpoint";
  EXPECT_TRUE(HistoryCheck({.commit_lsn = compared_to}, {50}, compared_to).is_settled());
}

constexpr Oid things = 100;

class LastTransaction : public ::testing::Test {
 protected:
  LastTransaction() : assembler({.checkpoint = {7}, .protocol = 3}, types, groups) {}
  void feed(std::initializer_list<std::string> frames) {
    for (const auto& frame : frames) assembler.feed(frame);
  }
  void stream(std::uint32_t xid, std::initializer_list<std::uint32_t> inserts_of) {
    const auto block = [](const postgres::Message& message) {
      return encode(message, {.protocol = 3, .in_stream = true});
    };
    feed({encode(postgres::StreamStart{.xid = xid, .first_segment = true})});
    postgres::Relation relation{
        .xid = xid, .oid = things, .schema = "public", .name = "things", .identity = 'd', .columns = {}};
    relation.columns.push_back({.in_key = true, .name = "id", .type_oid = type_oid::int4, .typmod = -1});
    feed({block(relation)});
    for (const auto subxid : inserts_of) {
      const auto row = frames::tuple({"1"});
      feed({block(postgres::Insert{.xid = subxid, .relation = things, .after = row.tuple()})});
    }
    feed({block(postgres::StreamStop{})});
  }
  void commit_stream(std::uint32_t xid, Lsn commit) {
    feed({encode(postgres::StreamCommit{
        .xid = xid, .flags = 0, .commit_lsn = commit, .end_lsn = {commit.value + 5}, .commit_time = frames::at_2000})});
  }

  BuiltInTypes types;
  TableGroups groups;
  Assembler assembler;
};

TEST_F(LastTransaction, is_the_newest_with_changes) {
  const auto relation = frames::relation(things, "things", 'd', {{"id", type_oid::int4, true}});
  feed({frames::begin(1, {100}), relation, frames::insert(things, {"1"}), frames::commit({100}, {105})});
  feed({frames::begin(2, {200}), relation, frames::commit({200}, {205})});
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->checkpoint, Lsn{205});
  EXPECT_EQ(batch->last.xid, 1U);
  EXPECT_EQ(batch->last.commit_lsn, Lsn{100});
  EXPECT_EQ(batch->last.commit_time, frames::at_2000);
}

TEST_F(LastTransaction, with_rows_that_cannot_be_read_it_counts_all_the_same) {
  const auto relation = frames::relation(things, "things", 'd', {{"id", type_oid::int4, true}});
  feed({frames::begin(1, {100}), relation, frames::insert(things, {"no number"}), frames::commit({100}, {105})});
  feed({frames::begin(2, {200}), frames::insert(things, {"1"}), frames::commit({200}, {205})});
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->last.xid, 2U) << "after a restart the table is read again, and this transaction has changes";
}

TEST_F(LastTransaction, a_streamed_one_that_was_rolled_back_in_all_its_parts_does_not_count) {
  stream(10, {11, 12});
  feed(
      {encode(postgres::StreamAbort{.xid = 10, .subxid = 11}), encode(postgres::StreamAbort{.xid = 10, .subxid = 12})});
  commit_stream(10, {100});
  stream(20, {21, 22});
  feed({encode(postgres::StreamAbort{.xid = 20, .subxid = 22})});
  commit_stream(20, {200});
  stream(30, {31});
  feed({encode(postgres::StreamAbort{.xid = 30, .subxid = 31})});
  commit_stream(30, {300});
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->last.xid, 20U);
}

TEST_F(LastTransaction, what_is_durable_is_compared_also_when_it_lies_behind_the_end_of_the_run) {
  const Transaction known{.xid = 1, .commit_lsn = {100}, .commit_time = frames::at_2000};
  Assembler again({.checkpoint = {150}, .last = known, .begins_at = {50}, .until = Lsn{90}}, types, groups);
  const auto relation = frames::relation(things, "things", 'd', {{"id", type_oid::int4, true}});
  for (const auto& frame :
       {frames::begin(1, {100}), relation, frames::insert(things, {"1"}), frames::commit({100}, {105})}) {
    again.feed(frame);
  }
  again.reached({150});
  EXPECT_TRUE(again.is_compared());
  EXPECT_FALSE(again.cut());
}

}  // namespace
}  // namespace walbrook::replication
