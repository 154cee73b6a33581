// The receiver when the stream ends under it: where it goes on, and what it asks for then. The streams are written down
// here, since a server cannot be made to fail in the middle of a transaction at will.
#include "pipeline/receiver.h"

#include <gtest/gtest.h>

#include <deque>

#include "source/walsender_stream.h"
#include "test/unit/pipeline/frames.h"

namespace walbrook::pipeline {
namespace {

constexpr Oid items = 100;

// What one connection sends: frames, then an error, or silence.
struct Script {
  std::deque<std::string> frames;
  std::function<void()> end = [] {};
};

class ScriptedReader : public source::ChangeReader {
 public:
  explicit ScriptedReader(Script script) : script_(std::move(script)) {}
  source::ReadResult read(source::Frame& out) override {
    if (script_.frames.empty()) {
      script_.end();
      return source::ReadResult::nothing;
    }
    current_ = std::move(script_.frames.front());
    script_.frames.pop_front();
    out = {.lsn = {1}, .bytes = current_};
    return source::ReadResult::frame;
  }
  void wait(milliseconds /*timeout*/) override {}
  void interrupt() override {}
  [[nodiscard]] Lsn received() const override { return {1}; }
  [[nodiscard]] bool reply_requested() const override { return false; }
  void send_feedback(Lsn /*durable*/, bool /*ask_reply*/) override {}
  [[nodiscard]] milliseconds sender_timeout() const override { return milliseconds(0); }

 private:
  Script script_;
  std::string current_;
};

class ReceiverTest : public ::testing::Test {
 protected:
  struct Opened {
    Lsn start;
    StreamLimits limits;
  };

  Receiver& receive(std::deque<Script> scripts) {
    scripts_ = std::move(scripts);
    const auto open = [this](Lsn start, const StreamLimits& limits) {
      opened_.push_back({start, limits});
      auto script = std::move(scripts_.front());
      scripts_.pop_front();
      return std::make_unique<ScriptedReader>(std::move(script));
    };
    receiver_.emplace(ReceiverOptions{.reconnects = 1}, open, types_, groups_, queue_, durable_);
    return *receiver_;
  }
  // Until a package is there; the one before is taken as applied.
  LoadPackage next_package() {
    for (int i = 0; i < 1000; ++i) {
      auto taken = queue_.take(milliseconds(0));
      if (taken.package) {
        if (taken.package->checkpoint.is_set()) durable_ = taken.package->checkpoint.value;
        queue_.finished();
        return *std::move(taken.package);
      }
      now_ += milliseconds(50);
      receiver_->step(now_);
    }
    ADD_FAILURE() << "no package came";
    return {};
  }
  static std::deque<std::string> transaction(std::uint32_t xid, std::uint64_t at) {
    return {frames::begin(xid, {at}), frames::relation(items, "items", 'd', {{"id", type_oid::int4, true}}),
            frames::insert(items, {std::to_string(at)}), frames::commit({at}, {at + 5})};
  }

  std::deque<Script> scripts_;
  std::vector<Opened> opened_;
  BuiltInTypes types_;
  TableGroups groups_;
  PackageQueue queue_{1 << 20U};
  std::atomic<std::uint64_t> durable_{7};
  std::optional<Receiver> receiver_;
  SteadyTime now_{};
};

TEST_F(ReceiverTest, a_transaction_that_cannot_be_streamed_is_asked_for_whole) {
  receive({{.frames = transaction(1, 100),
            .end = [] { throw source::CannotStream(ErrorKind::internal, "could not map filenumber", ""); }},
           {.frames = transaction(2, 200)}});
  EXPECT_EQ(next_package().checkpoint, Lsn{105});
  EXPECT_EQ(next_package().kind, PackageKind::restart) << "what was staged of open transactions comes again";
  EXPECT_EQ(next_package().checkpoint, Lsn{205});
  ASSERT_EQ(opened_.size(), 2U);
  EXPECT_EQ(opened_[0].start, Lsn{7});
  EXPECT_FALSE(opened_[0].limits.whole);
  EXPECT_EQ(opened_[1].start, Lsn{105});
  EXPECT_TRUE(opened_[1].limits.whole);
  EXPECT_FALSE(opened_[1].limits.text);
}

TEST_F(ReceiverTest, p2_exactly_once_a_broken_connection_goes_on_at_the_checkpoint) {
  auto broken = transaction(1, 100);
  broken.push_back(frames::begin(2, {200}));  // half a transaction: it comes again
  receive(
      {{.frames = broken, .end = [] { throw Error(ErrorKind::connection, "cut"); }}, {.frames = transaction(2, 200)}});
  EXPECT_EQ(next_package().checkpoint, Lsn{105});
  EXPECT_EQ(next_package().kind, PackageKind::restart);
  const auto package = next_package();
  ASSERT_EQ(package.transactions.size(), 1U);
  EXPECT_EQ(package.transactions[0].commit_lsn, Lsn{200});
  EXPECT_EQ(opened_[1].start, Lsn{105});
  EXPECT_FALSE(opened_[1].limits.whole);
}

TEST_F(ReceiverTest, a_connection_that_breaks_again_and_again_ends_the_run) {
  const Script cut{.frames = {}, .end = [] { throw Error(ErrorKind::connection, "cut"); }};
  auto& receiver = receive({cut, cut, cut});
  const auto until_thrown = [&] {
    for (int i = 0; i < 100; ++i) {
      receiver.step(now_ += std::chrono::seconds(20));
      if (queue_.take(milliseconds(0)).package) queue_.finished();
    }
  };
  EXPECT_THROW(until_thrown(), Error);
  EXPECT_EQ(opened_.size(), 2U);
}

}  // namespace
}  // namespace walbrook::pipeline
