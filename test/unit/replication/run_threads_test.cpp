// The threads of a run together: the real receiver, loader and catalog poll over a stream that a test thread writes
// while they read, and over a real destination. run-tests also builds this with ThreadSanitizer.
#include "replication/runtime/run_threads.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <fstream>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"
#include "test/unit/replication/engine_case.h"
#include "test/unit/replication/frames.h"

namespace walbrook::replication {
namespace {

// Returns the schema as the server's Relation message describes it.
TableSchemaRef announced_items() {
  auto schema = *items();
  schema.columns[0].type_oid = type_oid::int4;
  schema.columns[1].type_oid = type_oid::text;
  return std::make_shared<const TableSchema>(std::move(schema));
}

// The server's log, and its readers. A reader that begins at a position gets what commits from there on.
class WrittenLog {
 public:
  // Writes a transaction with one row.
  void insert(int id) {
    const std::lock_guard lock(mutex_);
    const Lsn commit{next_ + 8};
    const Lsn end{next_ + 16};
    transactions_.push_back(
        {.commit = commit,
         .frames = {
             frames::begin(static_cast<std::uint32_t>(700 + id), commit),
             frames::relation(items_oid, "items", 'd', {{"id", type_oid::int4, true}, {"note", type_oid::text, false}}),
             frames::insert(items_oid, {std::to_string(id), "note"}), frames::commit(commit, end)}});
    next_ = end.value;
    written_.ring();
  }
  // Breaks the connection of the current reader.
  void cut() {
    const std::lock_guard lock(mutex_);
    ++cuts_;
    written_.ring();
  }
  [[nodiscard]] Lsn end() const {
    const std::lock_guard lock(mutex_);
    return Lsn{next_};
  }
  [[nodiscard]] Lsn confirmed() const { return Lsn{confirmed_.load()}; }

  [[nodiscard]] std::unique_ptr<postgres::ChangeReader> open(Lsn start) {
    return std::make_unique<Reader>(*this, start);
  }

 private:
  struct Transaction {
    Lsn commit;
    std::vector<std::string> frames;
  };
  class Reader final : public postgres::ChangeReader {
   public:
    Reader(WrittenLog& log, Lsn start) : log_(log), start_(start) {
      const std::lock_guard lock(log_.mutex_);
      cuts_ = log_.cuts_;
      transaction_ = static_cast<std::size_t>(
          std::ranges::lower_bound(log_.transactions_, start, {}, &Transaction::commit) - log_.transactions_.begin());
    }
    [[nodiscard]] postgres::Poll poll(postgres::Frame& out) override {
      const std::lock_guard lock(log_.mutex_);
      if (log_.cuts_ != cuts_) throw Error(ErrorKind::connection, "the connection was cut");
      if (transaction_ == log_.transactions_.size()) {
        position_ = Lsn{log_.next_};
        return postgres::Poll::idle;
      }
      const auto& frames = log_.transactions_[transaction_].frames;
      current_ = frames[frame_];
      if (++frame_ == frames.size()) {
        frame_ = 0;
        ++transaction_;
      }
      out = {.lsn = log_.transactions_[0].commit, .bytes = current_};
      return postgres::Poll::frame;
    }
    void wait_until(SteadyTime until) override { log_.written_.wait_until(until); }
    void interrupt() override { log_.written_.ring(); }
    [[nodiscard]] Lsn begins_at() const override { return start_; }
    [[nodiscard]] Lsn position() const override { return position_; }
    void confirm(Lsn durable) override {
      EXPECT_TRUE(!durable.is_set() || durable.value >= log_.confirmed_) << "p3: what was confirmed is taken back";
      if (durable.is_set()) log_.confirmed_ = durable.value;
    }

   private:
    WrittenLog& log_;
    const Lsn start_;
    int cuts_ = 0;
    std::size_t transaction_ = 0, frame_ = 0;
    std::string current_;
    Lsn position_;
  };

  mutable std::mutex mutex_;  // guards the members up to next_
  std::vector<Transaction> transactions_;
  int cuts_ = 0;
  std::uint64_t next_ = 0x1000;
  std::atomic<std::uint64_t> confirmed_ = 0;
  Doorbell written_;
};

// The catalog never changes, and has seen everything that is committed.
class SteadyCatalog final : public CatalogSource {
 public:
  SteadyCatalog(postgres::Publication seen, const WrittenLog& log) : seen_(std::move(seen)), log_(log) {}
  [[nodiscard]] std::string read_snapshot() override { return std::to_string(log_.end().value); }
  [[nodiscard]] postgres::Publication read_publication() override {
    auto now = seen_;
    now.complete_to = now.position = Lsn{log_.end().value + 1};
    return now;
  }
  [[nodiscard]] postgres::CatalogMoment read_moment() override { return {}; }
  [[nodiscard]] bool commits_wait() override { return false; }
  void forget_types() override {}
  void describe(std::vector<postgres::SourceTable>& /*tables*/,
                const std::function<bool(const postgres::SourceTable&)>& /*wanted*/) override {}
  void disconnect() override {}

 private:
  postgres::Publication seen_;
  const WrittenLog& log_;
};

// No copy is ordered here.
class NoCopies final : public TableCopier {
 public:
  void order(CopyOrder /*order*/) override { ADD_FAILURE() << "a copy was ordered"; }
  void order_part(PartOrder /*order*/) override { ADD_FAILURE() << "a part was ordered"; }
};

class RunThreadsTest : public EngineCase {
 protected:
  RunThreadsTest() {
    begin();
    const auto table = announced_items();
    stream(table);
    seen_ = published({in_catalog(table)});
    poll_.emplace(
        CatalogPollOptions{.interval = milliseconds(5), .follow = true}, catalog(), seen_, clock_.now(),
        [this](LoaderMessage message) { threads_.inbox().post(std::move(message)); },
        [this] { threads_.wake_catalog_poll(); });
    loader_.emplace(LoaderOptions{.checkpoint = {.slot = "shop", .systemid = "1", .timeline = 1, .lsn = Lsn{0x1000}},
                                  .follow = true},
                    clock_, destination(), spool(), sync(), threads_.queue(), groups_, statistics_, durable_,
                    [this] { threads_.wake_receiver(); });
    loader_->set_table_copier(table_copier_);
    loader_->set_catalog(*poll_);
    receiver_.emplace(
        ReceiverOptions{.reconnect_timeout = std::nullopt},
        [this](const ResumePoint& start, const StreamLimits& /*limits*/) { return log_.open(start.checkpoint); },
        types_, groups_, threads_.queue(), durable_);
  }
  SteadyCatalog& catalog() { return catalog_.emplace(seen_, log_); }
  void run() {
    threads_.run({.receiver = *receiver_,
                  .loader = *loader_,
                  .catalog_poll = *poll_,
                  .copy = [](const std::stop_token& /*stop*/) {}},
                 ending_);
  }
  [[nodiscard]] Lsn durable() const { return Lsn{durable_.load()}; }

  SystemClock clock_;
  WrittenLog log_;
  postgres::Publication seen_;
  std::optional<SteadyCatalog> catalog_;
  NoCopies table_copier_;
  BuiltInTypes types_;
  TableGroups groups_;
  Statistics statistics_{{}, clock_};
  std::atomic<std::uint64_t> durable_ = 0x1000;
  RunThreads threads_{4096, clock_};
  std::stop_source ending_;
  std::optional<CatalogPoll> poll_;
  std::optional<Loader> loader_;
  std::optional<Receiver> receiver_;
};

// The queue holds only a few rows, so that both sides wait for each other. The connection is lost in between.
TEST_F(RunThreadsTest, what_is_written_arrives_once_is_confirmed_and_the_end_loses_nothing) {
  constexpr int transactions = 400;
  std::jthread writer([&] {
    for (int id = 1; id <= transactions; ++id) {
      log_.insert(id);
      if (id % 150 == 0) log_.cut();
      if (id % 10 == 0) std::this_thread::sleep_for(milliseconds(1));
      static_cast<void>(statistics_.snapshot());
      static_cast<void>(threads_.queue().bytes());
    }
    while (durable() < log_.end()) std::this_thread::sleep_for(milliseconds(1));
    ending_.request_stop();
  });
  run();
  EXPECT_TRUE(threads_.is_over());
  EXPECT_EQ(rows("public.items", "count(*), min(id), max(id)"), Lines{fmt::format("{0}|1|{0}", transactions)});
  EXPECT_EQ(durable(), log_.end());
  EXPECT_EQ(log_.confirmed(), log_.end());
}

TEST_F(RunThreadsTest, the_first_error_ends_all_threads_and_is_thrown) {
  std::jthread writer([&] {
    for (int id = 1; id <= 20; ++id) log_.insert(id);
    while (durable() < log_.end()) std::this_thread::sleep_for(milliseconds(1));
    std::filesystem::rename(file(), file().string() + ".moved");
  });
  EXPECT_THROW(run(), Error);
  EXPECT_TRUE(ending_.stop_requested());
  EXPECT_TRUE(threads_.is_over());
}

// Leaves memory for the stack of the next thread, and not for a second one.
class RoomForOneThread {
 public:
  RoomForOneThread() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t large;
    pthread_attr_init(&large);
    pthread_attr_setstacksize(&large, stack_bytes);
    pthread_setattr_default_np(&large);
    pthread_attr_destroy(&large);
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    getrlimit(RLIMIT_AS, &limit_);
    const auto in_use = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const rlimit one{.rlim_cur = in_use + stack_bytes + stack_bytes / 2, .rlim_max = limit_.rlim_max};
    setrlimit(RLIMIT_AS, &one);
  }
  RoomForOneThread(const RoomForOneThread&) = delete;
  RoomForOneThread& operator=(const RoomForOneThread&) = delete;
  ~RoomForOneThread() {
    setrlimit(RLIMIT_AS, &limit_);
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }

 private:
  static constexpr std::size_t stack_bytes = 512U << 20U;
  pthread_attr_t before_{};
  rlimit limit_{};
};

TEST_F(RunThreadsTest, a_thread_that_cannot_be_started_ends_those_that_run) {
  bool table_copier_began = false, table_copier_was_asked_to_end = false;
  const auto copy = [&](const std::stop_token& stop) {
    table_copier_began = true;
    for (int tries = 0; tries < 10'000 && !stop.stop_requested(); ++tries) std::this_thread::sleep_for(milliseconds(1));
    table_copier_was_asked_to_end = stop.stop_requested();
  };
  {
    const RoomForOneThread room;
    EXPECT_THROW(
        threads_.run({.receiver = *receiver_, .loader = *loader_, .catalog_poll = *poll_, .copy = copy}, ending_),
        std::system_error);
  }
  EXPECT_TRUE(table_copier_began);
  EXPECT_TRUE(table_copier_was_asked_to_end);
  EXPECT_TRUE(threads_.is_over());
}

}  // namespace
}  // namespace walbrook::replication
