// The receiver when its stream ends: where it continues, and what it then requests. The streams are scripted, because a
// server cannot be made to fail in the middle of a transaction at will.
#include "replication/core/receiver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <stdexcept>

#include "postgres/stream/walsender_stream.h"
#include "replication/runtime/batch_queue.h"
#include "test/unit/replication/frames.h"

namespace walbrook::replication {
namespace {

constexpr Oid received_oid = 100;

// What one connection sends: frames, then an error or silence.
struct Script {
  std::deque<std::string> frames;
  std::function<void()> end = [] {};
  Lsn slot{};         // its position; not set: the checkpoint that is requested
  Lsn received{1};    // reported once the frames were read
  bool ends = false;  // after the frames; otherwise it is silent
};

class ScriptedReader : public postgres::ChangeReader {
 public:
  // `fed_back`: receives each confirmed position.
  ScriptedReader(Script script, std::vector<Lsn>& fed_back) : script_(std::move(script)), fed_back_(fed_back) {}
  postgres::Poll poll(postgres::Frame& out) override {
    if (script_.frames.empty()) {
      script_.end();
      return script_.ends ? postgres::Poll::ended : postgres::Poll::idle;
    }
    current_ = std::move(script_.frames.front());
    script_.frames.pop_front();
    out = {.lsn = {1}, .bytes = current_};
    return postgres::Poll::frame;
  }
  void wait_until(SteadyTime /*until*/) override {}
  void interrupt() override {}
  [[nodiscard]] Lsn begins_at() const override { return script_.slot; }
  [[nodiscard]] Lsn position() const override { return script_.received; }
  void confirm(Lsn durable) override { fed_back_.push_back(durable); }

 private:
  Script script_;
  std::vector<Lsn>& fed_back_;
  std::string current_;
};

class ReceiverTest : public ::testing::Test {
 protected:
  struct Opened {
    Lsn start;
    Lsn compare_from;
    StreamLimits limits;
  };

  Receiver& receive(std::deque<Script> scripts, ReceiverOptions options = {}) {
    scripts_ = std::move(scripts);
    const auto open = [this](const ResumePoint& start, const StreamLimits& limits) {
      opened_.push_back({start.checkpoint, start.compare_from, limits});
      auto script = std::move(scripts_.front());
      scripts_.pop_front();
      if (!script.slot.is_set()) script.slot = start.checkpoint;
      return std::make_unique<ScriptedReader>(std::move(script), fed_back_);
    };
    receiver_.emplace(std::move(options), open, types_, groups_, queue_, durable_);
    return *receiver_;
  }
  void step() { static_cast<void>(receiver_->step({.steady = now_, .wall = {}})); }
  // Reads until there is a batch. The batch before it counts as applied.
  Batch next_batch() {
    for (int i = 0; i < 1000; ++i) {
      auto taken = queue_.take();
      if (taken.batch) {
        if (const auto* commits = std::get_if<CommitBatch>(&*taken.batch)) durable_ = commits->checkpoint.value;
        queue_.finish_batch();
        return *std::move(taken.batch);
      }
      now_ += milliseconds(50);
      step();
    }
    throw std::runtime_error("no batch came");
  }
  CommitBatch next_commits() { return std::get<CommitBatch>(next_batch()); }
  bool next_is_restart() { return std::holds_alternative<StreamRestart>(next_batch()); }
  static std::deque<std::string> joined(std::deque<std::string> first, const std::deque<std::string>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }
  static std::deque<std::string> transaction(std::uint32_t xid, std::uint64_t at) {
    return {frames::begin(xid, {at}), frames::relation(received_oid, "items", 'd', {{"id", type_oid::int4, true}}),
            frames::insert(received_oid, {std::to_string(at)}), frames::commit({at}, {at + 5})};
  }

  std::deque<Script> scripts_;
  std::vector<Opened> opened_;
  std::vector<Lsn> fed_back_;
  BuiltInTypes types_;
  TableGroups groups_;
  BatchQueue queue_{1 << 20U, [] {}, [] {}};
  std::atomic<std::uint64_t> durable_{7};
  std::optional<Receiver> receiver_;
  SteadyTime now_{};
};

TEST_F(ReceiverTest, a_transaction_that_cannot_be_streamed_is_asked_for_whole) {
  receive({{.frames = transaction(1, 100),
            .end = [] { throw postgres::CannotStream(ErrorKind::internal, "could not map filenumber", ""); }},
           {.frames = transaction(2, 200)}});
  EXPECT_EQ(next_commits().checkpoint, Lsn{105});
  EXPECT_TRUE(next_is_restart()) << "what was spooled of open transactions comes again";
  EXPECT_EQ(next_commits().checkpoint, Lsn{205});
  ASSERT_EQ(opened_.size(), 2U);
  EXPECT_EQ(opened_[0].start, Lsn{7});
  EXPECT_FALSE(opened_[0].limits.whole);
  EXPECT_EQ(opened_[1].start, Lsn{105});
  EXPECT_TRUE(opened_[1].limits.whole);
  EXPECT_FALSE(opened_[1].limits.binary);
}

TEST_F(ReceiverTest, a_transaction_that_the_server_cannot_send_in_one_form_is_asked_for_in_the_other) {
  const auto refuse = [] {
    throw postgres::CannotSend(ErrorKind::source_not_ready, "invalid memory alloc request size");
  };
  auto begun = joined(transaction(1, 100), {frames::begin(2, {200})});
  receive({{.frames = begun, .end = refuse}, {.frames = transaction(2, 200)}});
  EXPECT_EQ(next_commits().checkpoint, Lsn{105}) << "what came before is applied first";
  EXPECT_TRUE(next_is_restart());
  EXPECT_EQ(next_commits().checkpoint, Lsn{205});
  ASSERT_EQ(opened_.size(), 2U);
  EXPECT_FALSE(opened_[0].limits.binary);
  EXPECT_TRUE(opened_[1].limits.binary);
  EXPECT_EQ(opened_[1].start, Lsn{105});
}

// The slot's position is before it, so it comes again to be compared.
TEST_F(ReceiverTest, one_that_came_in_the_other_form_is_not_asked_for_again) {
  const auto refuse = [] {
    throw postgres::CannotSend(ErrorKind::source_not_ready, "invalid memory alloc request size");
  };
  const auto needs_text = [] { throw NeedsText(ErrorKind::protocol, "can be read only as text"); };
  const std::deque<std::string> begun = {frames::begin(2, {200})};
  receive({{.frames = begun, .end = refuse},
           {.frames = transaction(2, 200), .end = needs_text},
           {.frames = begun, .end = refuse, .slot = Lsn{50}},
           {.frames = transaction(3, 300)}});
  EXPECT_TRUE(next_is_restart());
  EXPECT_EQ(next_commits().checkpoint, Lsn{205});
  EXPECT_TRUE(next_is_restart());
  EXPECT_TRUE(next_is_restart());
  EXPECT_EQ(next_commits().checkpoint, Lsn{305});
  ASSERT_EQ(opened_.size(), 4U);
  EXPECT_TRUE(opened_[1].limits.binary);
  EXPECT_EQ(opened_[2].compare_from, Lsn{200});
  EXPECT_FALSE(opened_[3].limits.binary);
  EXPECT_FALSE(opened_[3].compare_from.is_set());
}

TEST_F(ReceiverTest, one_that_it_can_send_in_no_form_ends_the_run_and_is_named) {
  const auto refuse = [] {
    throw postgres::CannotSend(ErrorKind::source_not_ready, "invalid memory alloc request size");
  };
  const std::deque<std::string> begun = {frames::begin(2, {200})};
  receive({{.frames = joined(transaction(1, 100), begun), .end = refuse}, {.frames = begun, .end = refuse}});
  EXPECT_EQ(next_commits().checkpoint, Lsn{105});
  EXPECT_TRUE(next_is_restart());
  try {
    for (int i = 0; i < 100; ++i) now_ += milliseconds(50), step();
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(error.cause().find("commits at 0/C8"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("--skip-transaction 0/C8"), std::string::npos) << error.what();
    EXPECT_EQ(error.facts().lsn, "0/C8");
  }
  EXPECT_EQ(opened_.size(), 2U);
}

// Outside of a transaction there is nothing to skip.
TEST_F(ReceiverTest, a_failure_outside_of_a_transaction_ends_the_run_as_it_is) {
  receive({{.frames = transaction(1, 100),
            .end = [] { throw postgres::CannotSend(ErrorKind::source_not_ready, "corrupted"); }}});
  try {
    for (int i = 0; i < 100; ++i) now_ += milliseconds(50), step();
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::source_not_ready);
    EXPECT_EQ(error.cause(), "corrupted");
  }
}

TEST_F(ReceiverTest, p2_exactly_once_a_broken_connection_goes_on_at_the_checkpoint) {
  auto broken = transaction(1, 100);
  broken.push_back(frames::begin(2, {200}));  // half a transaction: it comes again
  receive(
      {{.frames = broken, .end = [] { throw Error(ErrorKind::connection, "cut"); }}, {.frames = transaction(2, 200)}});
  EXPECT_EQ(next_commits().checkpoint, Lsn{105});
  EXPECT_TRUE(next_is_restart());
  const auto batch = next_commits();
  ASSERT_EQ(batch.transactions.size(), 1U);
  EXPECT_EQ(batch.transactions[0].commit_lsn, Lsn{200});
  EXPECT_EQ(opened_[1].start, Lsn{105});
  EXPECT_FALSE(opened_[1].limits.whole);
}

TEST_F(ReceiverTest, after_a_reader_that_has_ended_the_next_one_begins_at_the_checkpoint) {
  auto open_end = transaction(1, 100);
  open_end.push_back(frames::begin(2, {200}));  // it comes again, whole
  receive({{.frames = open_end, .ends = true}, {.frames = transaction(2, 200)}});
  EXPECT_EQ(next_commits().checkpoint, Lsn{105});
  EXPECT_TRUE(next_is_restart());
  EXPECT_EQ(next_commits().checkpoint, Lsn{205});
  ASSERT_EQ(opened_.size(), 2U);
  EXPECT_EQ(opened_[1].start, Lsn{105});
}

TEST_F(ReceiverTest, a_connection_that_breaks_again_and_again_ends_the_run) {
  const Script cut{.frames = {}, .end = [] { throw Error(ErrorKind::connection, "cut"); }};
  auto& receiver = receive({cut, cut, cut}, {.reconnect_timeout = std::chrono::seconds(3)});
  const auto until_thrown = [&] {
    for (int i = 0; i < 100; ++i) {
      now_ += std::chrono::seconds(1);
      static_cast<void>(receiver.step({.steady = now_, .wall = {}}));
      if (queue_.take().batch) queue_.finish_batch();
    }
  };
  EXPECT_THROW(until_thrown(), Error);
  EXPECT_EQ(opened_.size(), 2U);
}

TEST_F(ReceiverTest, after_a_reconnect_the_last_transaction_must_come_again) {
  const auto cut = [] { throw Error(ErrorKind::connection, "cut"); };
  receive({{.frames = transaction(1, 100), .end = cut},
           {.frames = joined(transaction(1, 100), transaction(2, 200)), .slot = Lsn{50}}});
  EXPECT_EQ(next_commits().checkpoint, Lsn{105});
  EXPECT_TRUE(next_is_restart());
  const auto batch = next_commits();
  ASSERT_EQ(batch.transactions.size(), 1U) << "what is durable is compared, not applied";
  EXPECT_EQ(batch.transactions[0].xid, 2U);
  EXPECT_EQ(opened_[1].start, Lsn{105});
  EXPECT_EQ(opened_[1].compare_from, Lsn{100});
}

TEST_F(ReceiverTest, another_history_after_a_reconnect_ends_the_run_and_confirms_nothing) {
  const auto cut = [] { throw Error(ErrorKind::connection, "cut"); };
  receive({{.frames = transaction(1, 100), .end = cut}, {.frames = transaction(9, 200), .slot = Lsn{50}}});
  EXPECT_EQ(next_commits().checkpoint, Lsn{105});
  EXPECT_TRUE(next_is_restart());
  fed_back_.clear();
  const auto until_thrown = [&] {
    for (int i = 0; i < 100; ++i) now_ += std::chrono::seconds(2), step();
  };
  EXPECT_THROW(until_thrown(), OtherHistory);
  EXPECT_FALSE(queue_.take().batch);
  EXPECT_TRUE(std::ranges::all_of(fed_back_, [](Lsn position) { return !position.is_set(); }));
  receiver_->confirm();
  EXPECT_TRUE(std::ranges::all_of(fed_back_, [](Lsn position) { return !position.is_set(); }));
}

TEST_F(ReceiverTest, nothing_is_confirmed_before_it_was_compared) {
  auto options = ReceiverOptions{.assembler = {.last = {.xid = 1, .commit_lsn = {3}, .commit_time = frames::at_2000}}};
  receive({{.frames = {}, .slot = Lsn{2}, .received = Lsn{5}}}, options);
  for (int i = 0; i < 10; ++i) now_ += std::chrono::seconds(2), step();
  EXPECT_FALSE(receiver_->is_compared());
  EXPECT_FALSE(fed_back_.empty());
  EXPECT_TRUE(std::ranges::all_of(fed_back_, [](Lsn position) { return !position.is_set(); }));
  EXPECT_FALSE(queue_.take().idle_position.is_set());
}

TEST_F(ReceiverTest, where_the_publication_was_altered_a_difference_is_no_contradiction) {
  const auto cut = [] { throw Error(ErrorKind::connection, "cut"); };
  std::vector<std::uint32_t> asked;
  ReceiverOptions options{.altered_since = [&](std::uint32_t xid) {
    asked.push_back(xid);
    return true;
  }};
  receive({{.frames = transaction(1, 100), .end = cut},
           {.frames = transaction(9, 200), .slot = Lsn{50}},
           {.frames = transaction(9, 200), .slot = Lsn{50}}},
          options);
  EXPECT_EQ(next_commits().checkpoint, Lsn{105});
  EXPECT_TRUE(next_is_restart());
  auto next = next_batch();
  if (std::holds_alternative<StreamRestart>(next)) next = next_batch();
  EXPECT_EQ(std::get<CommitBatch>(next).checkpoint, Lsn{205});
  EXPECT_EQ(asked, std::vector<std::uint32_t>{1});
  EXPECT_FALSE(opened_[2].compare_from.is_set());
}

// An error that the server returns once the run has read from it may go away, such as another password or a revoked
// privilege: only time ends the run. An error that time does not fix ends it at once.
TEST_F(ReceiverTest, a_lost_source_is_waited_for_until_the_time_is_over) {
  std::vector<Error> refusals = {
      {ErrorKind::permission_denied, "no", {}, {.sqlstate = "28P01"}},
      {ErrorKind::source_not_ready, "gone", {}, {.sqlstate = "3D000"}},
      {ErrorKind::connection, "refused"},
  };
  std::size_t attempts = 0;
  const auto open = [&](const ResumePoint& /*start*/,
                        const StreamLimits& /*limits*/) -> std::unique_ptr<postgres::ChangeReader> {
    throw Error(refusals.at(attempts++ % refusals.size()));
  };
  Receiver receiver({.reconnect_timeout = std::chrono::seconds(60)}, open, types_, groups_, queue_, durable_);
  const auto end = now_ + std::chrono::seconds(59);
  for (; now_ < end; now_ += milliseconds(500)) {
    if (auto taken = queue_.take(); taken.batch) queue_.finish_batch();
    ASSERT_NO_THROW(static_cast<void>(receiver.step({.steady = now_, .wall = {}})));
  }
  EXPECT_GT(attempts, 10U);
  EXPECT_THROW(
      {
        for (int i = 0; i < 20; ++i) {
          if (queue_.take().batch) queue_.finish_batch();
          now_ += std::chrono::seconds(1);
          static_cast<void>(receiver.step({.steady = now_, .wall = {}}));
        }
      },
      Error);
  refusals = {{ErrorKind::source_not_ready, "the slot is lost"}};
  if (queue_.take().batch) queue_.finish_batch();
  Receiver other({.reconnect_timeout = std::nullopt}, open, types_, groups_, queue_, durable_);
  EXPECT_THROW(static_cast<void>(other.step({.steady = now_, .wall = {}})), Error);
}

}  // namespace
}  // namespace walbrook::replication
