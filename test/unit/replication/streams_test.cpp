// Streamed and prepared transactions: what is merged, what is left out, what is spooled.
#include <gtest/gtest.h>

#include "postgres/protocol/encoder.h"
#include "replication/core/assembler.h"
#include "test/unit/replication/batches.h"

namespace walbrook::replication {
namespace {

using namespace postgres;  // NOLINT(google-build-using-namespace): this file is about messages

constexpr Oid streamed_table = 100;

class StreamsTest : public ::testing::Test {
 protected:
  Assembler& make(AssemblerOptions options = {}) {
    options.protocol = 4;
    assembler_.emplace(options, types_, groups_);
    return *assembler_;
  }
  void feed(const Message& message) {
    const postgres::Wire wire{.protocol = 4, .in_stream = in_stream_};
    assembler_->feed(encode(message, wire));
    if (std::holds_alternative<StreamStart>(message)) in_stream_ = true;
    if (std::holds_alternative<StreamStop>(message)) in_stream_ = false;
  }
  void describe(std::uint32_t xid = 0) {
    feed(Relation{.xid = xid,
                  .oid = streamed_table,
                  .schema = "public",
                  .name = "streamed_table",
                  .identity = 'd',
                  .columns = {{.in_key = true, .name = "id", .type_oid = type_oid::int4, .typmod = -1}}});
  }
  void insert(int id, std::uint32_t xid = 0) { insert_text(std::to_string(id), xid); }
  void insert_text(const std::string& text, std::uint32_t xid = 0) {
    const TupleBytes row({{CellKind::text, text}});
    feed(Insert{.xid = xid, .relation = streamed_table, .after = row.tuple()});
  }
  // Feeds a block of `top` with rows, each in the given (sub)transaction.
  void block(std::uint32_t top, bool first, const std::vector<std::pair<int, std::uint32_t>>& rows) {
    feed(StreamStart{.xid = top, .first_segment = first});
    if (first) describe(top);
    for (const auto& [id, xid] : rows) insert(id, xid);
    feed(StreamStop{});
  }
  void commit_stream(std::uint32_t xid, std::uint64_t at) {
    feed(StreamCommit{.xid = xid, .flags = 0, .commit_lsn = {at}, .end_lsn = {at + 5}, .commit_time = 7});
  }
  // Rolls back transaction 10, which was prepared.
  void roll_back_prepared(std::uint64_t end) {
    feed(RollbackPrepared{.flags = 0,
                          .prepare_end_lsn = {45},
                          .rollback_end_lsn = {end},
                          .prepare_time = 0,
                          .rollback_time = 0,
                          .xid = 10,
                          .gid = "a"});
  }
  static std::vector<int> ids(const GatheredChanges& changes) {
    std::vector<int> out;
    for (const auto& operation : changes.operations) {
      const auto* batch = std::get_if<RowBatch>(&operation);
      if (batch == nullptr) continue;
      for (std::size_t row = 0; row < batch->rows(); ++row) out.push_back(batch->columns[0].value<std::int32_t>(row));
    }
    return out;
  }

  BuiltInTypes types_;
  TableGroups groups_;
  std::optional<Assembler> assembler_;
  bool in_stream_ = false;
};

using Ids = std::vector<int>;

TEST_F(StreamsTest, what_fits_is_never_spooled) {
  auto& assembler = make();
  block(10, true, {{1, 10}, {2, 11}});
  block(10, false, {{3, 10}});
  EXPECT_FALSE(assembler.has_commits());
  EXPECT_FALSE(assembler.take_due());
  commit_stream(10, 100);
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(ids(*batch), (Ids{1, 2, 3}));
  ASSERT_EQ(batch->transactions.size(), 1U);
  EXPECT_EQ(batch->transactions[0].commit_lsn, Lsn{100});
  EXPECT_EQ(batch->checkpoint, Lsn{105});
  for (const auto index : std::get<RowBatch>(batch->operations[0]).transaction) EXPECT_EQ(index, 0U);
}

TEST_F(StreamsTest, interleaved_transactions_come_in_the_order_of_their_commits) {
  auto& assembler = make();
  block(10, true, {{1, 10}});
  block(20, true, {{2, 20}});
  block(10, false, {{3, 10}});
  feed(Begin{.final_lsn = {90}, .commit_time = 0, .xid = 30});
  describe();
  insert(4);
  feed(Commit{.flags = 0, .commit_lsn = {90}, .end_lsn = {95}, .commit_time = 0});
  commit_stream(20, 100);
  commit_stream(10, 110);
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(ids(*batch), (Ids{4, 2, 1, 3}));
  ASSERT_EQ(batch->transactions.size(), 3U);
  EXPECT_EQ(batch->transactions[1].xid, 20U);
}

TEST_F(StreamsTest, rows_of_a_stream_go_into_no_batch_of_an_earlier_commit) {
  auto& assembler = make();
  const auto plain = [&](int id, std::uint64_t at) {
    feed(Begin{.final_lsn = {at}, .commit_time = 0, .xid = 30});
    if (id == 1) describe();
    insert(id);
    feed(Commit{.flags = 0, .commit_lsn = {at}, .end_lsn = {at + 5}, .commit_time = 0});
  };
  plain(1, 50);
  block(10, true, {{2, 10}});
  commit_stream(10, 100);
  plain(3, 200);
  EXPECT_EQ(ids(only<CommitBatch>(assembler.cut()).value()), (Ids{1, 2, 3}));
}

TEST_F(StreamsTest, exactly_the_rows_of_rolled_back_subtransactions_are_left_out) {
  auto& assembler = make();
  block(10, true, {{1, 10}, {2, 11}, {3, 12}, {4, 11}, {5, 10}});
  feed(StreamAbort{.xid = 10, .subxid = 11, .abort_lsn = {}, .abort_time = 0});
  block(10, false, {{6, 10}, {7, 13}});
  feed(StreamAbort{.xid = 10, .subxid = 13, .abort_lsn = {}, .abort_time = 0});
  commit_stream(10, 100);
  EXPECT_EQ(ids(only<CommitBatch>(assembler.cut()).value()), (Ids{1, 3, 5, 6}));
}

TEST_F(StreamsTest, what_does_not_fit_is_spooled_and_named_with_its_rolled_back_subtransactions) {
  auto& assembler = make({.batch_rows = 3});
  block(10, true, {{1, 10}, {2, 11}, {3, 12}});
  const auto part = only<TransactionPart>(assembler.take_due());
  ASSERT_TRUE(part);
  EXPECT_EQ(part->xid, 10U);
  ASSERT_EQ(part->transactions.size(), 3U);
  EXPECT_EQ(part->transactions[1].xid, 11U);
  EXPECT_FALSE(part->transactions[1].commit_lsn.is_set());
  feed(StreamAbort{.xid = 10, .subxid = 12, .abort_lsn = {}, .abort_time = 0});
  block(10, false, {{4, 10}});
  commit_stream(10, 100);
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  const auto& merge = std::get<MergeParts>(batch->operations.front());
  EXPECT_EQ(merge.xid, 10U);
  EXPECT_EQ(merge.aborted, std::vector<std::uint32_t>{12});
  EXPECT_EQ(ids(*batch), Ids{4});
}

TEST_F(StreamsTest, a_rolled_back_transaction_leaves_nothing) {
  auto& assembler = make({.batch_rows = 3});
  block(10, true, {{1, 10}});
  feed(StreamAbort{.xid = 10, .subxid = 10, .abort_lsn = {}, .abort_time = 0});
  EXPECT_FALSE(assembler.take_due());
  block(20, true, {{1, 20}, {2, 20}, {3, 20}});
  ASSERT_TRUE(assembler.take_due());
  feed(StreamAbort{.xid = 20, .subxid = 20, .abort_lsn = {}, .abort_time = 0});
  const auto discard = only<DiscardSpooled>(assembler.take_due());
  ASSERT_TRUE(discard);
  EXPECT_EQ(discard->xid, 20U);
  EXPECT_FALSE(assembler.has_commits());
  feed(StreamAbort{.xid = 99, .subxid = 99, .abort_lsn = {}, .abort_time = 0});  // never streamed: nothing to do
  EXPECT_FALSE(assembler.take_due());
}

TEST_F(StreamsTest, streams_that_are_durable_already_or_beyond_the_end_are_not_taken) {
  auto& early = make({.checkpoint = {105}});
  block(10, true, {{1, 10}});
  commit_stream(10, 100);
  EXPECT_FALSE(early.cut());
  EXPECT_EQ(early.position(), Lsn{105});
  auto& late = make({.until = Lsn{100}});
  block(10, true, {{1, 10}});
  commit_stream(10, 100);
  EXPECT_TRUE(late.reached_until());
  EXPECT_FALSE(late.cut());
}

TEST_F(StreamsTest, a_prepared_transaction_leaves_by_itself_behind_earlier_commits) {
  auto& assembler = make();
  feed(Begin{.final_lsn = {50}, .commit_time = 0, .xid = 9});
  describe();
  insert(1);
  feed(Commit{.flags = 0, .commit_lsn = {50}, .end_lsn = {55}, .commit_time = 0});
  feed(BeginPrepare{.prepare_lsn = {60}, .end_lsn = {65}, .prepare_time = 0, .xid = 10, .gid = "a"});
  insert(2);
  feed(Prepare{.flags = 0, .prepare_lsn = {60}, .end_lsn = {65}, .prepare_time = 0, .xid = 10, .gid = "a"});
  const auto commits = only<CommitBatch>(assembler.take_due());
  ASSERT_TRUE(commits);
  EXPECT_EQ(ids(*commits), Ids{1});
  EXPECT_EQ(commits->checkpoint, Lsn{55});
  const auto prepared = only<PreparedTransaction>(assembler.take_due());
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->xid, 10U);
  EXPECT_EQ(prepared->checkpoint, Lsn{65});
  EXPECT_EQ(ids(*prepared), Ids{2});
  feed(CommitPrepared{.flags = 0, .commit_lsn = {70}, .end_lsn = {75}, .commit_time = 8, .xid = 10, .gid = "a"});
  const auto decided = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(decided);
  EXPECT_TRUE(std::get<MergeParts>(decided->operations.front()).prepared);
  EXPECT_EQ(decided->transactions.front().commit_lsn, Lsn{70});
  EXPECT_EQ(decided->checkpoint, Lsn{75});
}

TEST_F(StreamsTest, a_prepared_transaction_that_is_rolled_back_is_discarded_with_the_checkpoint) {
  auto& assembler = make();
  block(10, true, {{1, 10}, {2, 11}});
  feed(StreamAbort{.xid = 10, .subxid = 11, .abort_lsn = {}, .abort_time = 0});
  feed(StreamPrepare{.flags = 0, .prepare_lsn = {60}, .end_lsn = {65}, .prepare_time = 0, .xid = 10, .gid = "a"});
  const auto prepared = only<PreparedTransaction>(assembler.take_due());
  ASSERT_TRUE(prepared);
  EXPECT_EQ(ids(*prepared), Ids{1});
  EXPECT_EQ(prepared->aborted, std::vector<std::uint32_t>{11});
  roll_back_prepared(80);
  const auto discard = only<DiscardPrepared>(assembler.take_due());
  ASSERT_TRUE(discard);
  EXPECT_EQ(discard->xid, 10U);
  EXPECT_EQ(discard->checkpoint, Lsn{80});
}

TEST_F(StreamsTest, p2_a_rollback_of_a_prepared_transaction_is_discarded_only_after_the_comparison) {
  const Transaction last{.xid = 7, .commit_lsn = {50}, .commit_time = 0};
  auto& assembler = make({.checkpoint = {60}, .last = last, .begins_at = {40}});
  EXPECT_THROW(roll_back_prepared(80), OtherHistory) << "the last transaction did not come";
  EXPECT_FALSE(assembler.take_due());
}

TEST_F(StreamsTest, a_rollback_of_a_prepared_transaction_completes_the_comparison) {
  auto& assembler = make({.checkpoint = {60}, .last = {.commit_lsn = {50}}, .begins_at = {40}});
  ASSERT_FALSE(assembler.is_compared());
  roll_back_prepared(80);
  EXPECT_TRUE(assembler.is_compared());
  EXPECT_TRUE(only<DiscardPrepared>(assembler.take_due()));
}

// `until` is where a commit record begins.
TEST_F(StreamsTest, a_rollback_of_a_prepared_transaction_counts_by_its_end) {
  auto& assembler = make({.until = Lsn{80}});
  roll_back_prepared(80);
  EXPECT_FALSE(assembler.reached_until());
  EXPECT_TRUE(only<DiscardPrepared>(assembler.take_due())) << "its record is before the commit at 80";
  roll_back_prepared(81);
  EXPECT_FALSE(assembler.take_due());
  EXPECT_FALSE(assembler.next_commit().is_set()) << "a rollback is no commit";
  EXPECT_EQ(assembler.position(), Lsn{80});
}

TEST_F(StreamsTest, p4_what_a_rolled_back_stream_could_not_read_costs_others_nothing) {
  auto& assembler = make();
  feed(Begin{.final_lsn = {50}, .commit_time = 0, .xid = 9});
  describe();
  feed(Commit{.flags = 0, .commit_lsn = {50}, .end_lsn = {55}, .commit_time = 0});
  feed(StreamStart{.xid = 10, .first_segment = true});
  describe(10);
  insert_text("none", 10);
  feed(StreamStop{});
  feed(Begin{.final_lsn = {60}, .commit_time = 0, .xid = 11});
  insert(1);
  feed(Commit{.flags = 0, .commit_lsn = {60}, .end_lsn = {65}, .commit_time = 0});
  feed(StreamAbort{.xid = 10, .subxid = 10, .abort_lsn = {}, .abort_time = 0});
  const auto batch = only<CommitBatch>(assembler.cut());
  ASSERT_TRUE(batch);
  EXPECT_EQ(ids(*batch), Ids{1});
  EXPECT_TRUE(batch->errors.empty());
}

// The server does not send it again: when it is durable, the errors of its parts must be known.
TEST_F(StreamsTest, p4_a_prepared_transaction_tells_of_what_its_parts_could_not_read) {
  auto& assembler = make({.batch_rows = 2});
  feed(BeginPrepare{.prepare_lsn = {60}, .end_lsn = {65}, .prepare_time = 0, .xid = 10, .gid = "a"});
  describe();
  insert_text("none");
  insert(1);
  insert(2);
  ASSERT_TRUE(only<TransactionPart>(assembler.take_due()));
  insert_text("none either");
  insert(3);
  feed(Prepare{.flags = 0, .prepare_lsn = {60}, .end_lsn = {65}, .prepare_time = 0, .xid = 10, .gid = "a"});
  const auto prepared = only<PreparedTransaction>(assembler.take_due());
  ASSERT_TRUE(prepared);
  EXPECT_EQ(ids(*prepared), Ids{3});
  ASSERT_EQ(prepared->errors.size(), 1U) << "once a transaction";
  EXPECT_EQ(prepared->errors[0].oid, streamed_table);
  feed(CommitPrepared{.flags = 0, .commit_lsn = {70}, .end_lsn = {75}, .commit_time = 8, .xid = 10, .gid = "a"});
  EXPECT_TRUE(only<CommitBatch>(assembler.cut())->errors.empty()) << "they were the prepared transaction's";
}

TEST_F(StreamsTest, p4_a_prepared_stream_of_which_nothing_could_be_read_tells_so) {
  auto& assembler = make();
  feed(StreamStart{.xid = 10, .first_segment = true});
  describe(10);
  insert_text("none", 10);
  feed(StreamStop{});
  feed(StreamPrepare{.flags = 0, .prepare_lsn = {60}, .end_lsn = {65}, .prepare_time = 0, .xid = 10, .gid = "a"});
  const auto prepared = only<PreparedTransaction>(assembler.take_due());
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->errors.size(), 1U);
}

TEST_F(StreamsTest, what_the_protocol_forbids_is_an_error) {
  make();
  EXPECT_THROW(feed(StreamStop{}), Error);
  in_stream_ = false;
  EXPECT_THROW(feed(StreamStart{.xid = 10, .first_segment = false}), Error);
  in_stream_ = false;
  make();
  block(10, true, {});
  EXPECT_THROW(feed(StreamStart{.xid = 10, .first_segment = true}), Error);
  in_stream_ = false;
  make();
  EXPECT_THROW(commit_stream(10, 100), Error);
  feed(Begin{.final_lsn = {50}, .commit_time = 0, .xid = 9});
  EXPECT_THROW(feed(StreamStart{.xid = 10, .first_segment = true}), Error);
}

}  // namespace
}  // namespace walbrook::replication
