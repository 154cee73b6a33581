// A whole run over the memory destination, against a real server: receiver, loader, catalog poll and table copier with
// its workers, and the local server in front of them, while clients write, query and request resyncs. run-tests also
// builds this test with ThreadSanitizer. The memory destination is built with it too, unlike DuckDB, so that everything
// between the source's sockets and the target tables is checked.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "destination/memory/memory_store.h"
#include "destination/open_destination.h"
#include "replication/runtime/run.h"
#include "serve/local_client.h"
#include "serve/local_server.h"
#include "test/contract/rows.h"
#include "test/support/postgres_server.h"
#include "test/support/sql.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

using destination::OutputState;
using destination::memory::MemoryStore;
using destination::memory::Step;
using replication::Phase;
using Lines = std::vector<std::string>;

constexpr milliseconds long_enough{120'000};  // with a sanitizer, beside other suites

// Reports nothing, but calls a test's function while rows are copied.
class Observer final : public replication::RunObserver {
 public:
  std::function<void(std::uint64_t rows)> advanced = [](std::uint64_t /*rows*/) {};  // set before the run

  void prepared(const std::string& /*line*/) override {}
  void waiting_for(const std::vector<postgres::OpenWriter>& /*writers*/) override {}
  void copy_started(const std::string& /*table*/, std::int64_t /*rows*/, std::int64_t /*bytes*/) override {}
  void copy_advanced(const std::string& /*table*/, std::uint64_t rows, std::uint64_t /*wire_bytes*/) override {
    advanced(rows);
  }
  void copy_finished(const std::string& /*table*/, std::uint64_t /*rows*/, double /*seconds*/) override {}
  void copy_restarted(const std::string& /*table*/, const std::string& /*why*/) override {}
};

// A run in a separate thread, with its local server, as in the command.
class Running {
 public:
  Running(replication::RunOptions options, destination::Destination& destination, Observer& observer,
          const std::string& socket)
      : run_(std::move(options), destination, observer),
        server_(socket, destination,
                {.status = [this] { return run_.status(); },
                 .request = [this](auto what, const auto& tables) { run_.request(what, tables); }}),
        thread_([this] {
          try {
            summary_ = run_.execute(stop_.get_token());
          } catch (const Error& error) {
            failure_ = error;
          }
        }) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { stop(); }

  void stop() { stop_.request_stop(); }
  [[nodiscard]] replication::RunStatus status() const { return run_.status(); }
  // Waits for the end of the run. Throws what the run threw.
  replication::RunSummary end() {
    thread_.join();
    if (failure_) throw Error(*failure_);
    return summary_;
  }

 private:
  std::stop_source stop_;
  replication::Run run_;
  serve::LocalServer server_;
  replication::RunSummary summary_;
  std::optional<Error> failure_;
  std::jthread thread_;  // the last member: it uses the others
};

class RunOverMemoryTest : public ::testing::Test {
 protected:
  RunOverMemoryTest()
      : database_(PostgresServer::shared()),
        folder_("runtime"),
        url_("memory:" + folder_.path().string()),
        store_(MemoryStore::named(url_)),
        destination_(destination::open_destination({.url = url_, .pipeline = "shop"})) {
    store_->set_hook([this](Step step) { fail_at_times(step); });
    // A row of `wide` is half a page, so that the table is copied in chunks and is not gathered in memory.
    exec(
        "CREATE TABLE items(id int PRIMARY KEY, note text);"
        "INSERT INTO items SELECT g, 'note ' || g FROM generate_series(1, 500) g;"
        "CREATE TABLE wide(id int PRIMARY KEY, note text); ALTER TABLE wide ALTER note SET STORAGE PLAIN;"
        "INSERT INTO wide SELECT g, repeat('x', 4000) FROM generate_series(1, 1500) g;"
        "CREATE TABLE keyless(id int, note text); ALTER TABLE keyless REPLICA IDENTITY FULL;"
        "INSERT INTO keyless SELECT g % 10, 'same' FROM generate_series(1, 100) g;"
        "CREATE PUBLICATION pub FOR ALL TABLES");
  }

  [[nodiscard]] replication::RunOptions options() const {
    replication::RunOptions options;
    options.conninfo = database_.conninfo();
    options.pipeline = "shop";
    options.slot = "slot_" + database_.name();
    options.publication = "pub";
    options.follow = true;
    options.batch_bytes = 8192;  // small: receiver and loader wait for each other, and transactions are spooled
    options.snapshot_workers = 3;
    options.snapshot_chunk = 256 << 10U;
    options.spool_dir = folder_.path();
    options.catalog_poll_interval = milliseconds(50);
    return options;
  }
  [[nodiscard]] std::unique_ptr<Running> start() {
    return std::make_unique<Running>(options(), *destination_, observer_, socket());
  }
  [[nodiscard]] std::string socket() const { return folder_ / "sockets/shop.sock"; }

  void exec(const std::string& sql) const { Sql(database_.conninfo()).exec(sql); }
  [[nodiscard]] std::string value(const std::string& sql) const { return Sql(database_.conninfo()).value(sql); }

  // Runs clients that each write transactions; the second one also writes a large one.
  void write_items() const {
    Sql sql(database_.conninfo());
    for (int i = 1; i <= 120; ++i) {
      sql.exec(
          fmt::format("INSERT INTO items VALUES ({0}, 'new {1}'); UPDATE items SET note = 'changed {1}' WHERE id = {2};"
                      "DELETE FROM items WHERE id = {1}; INSERT INTO keyless VALUES ({1}, 'same')",
                      10'000 + i, i, 200 + i * 7 % 300));
    }
  }
  void write_wide() const {
    Sql sql(database_.conninfo());
    for (int i = 1; i <= 40; ++i) {
      sql.exec(
          fmt::format("UPDATE wide SET note = 'changed {0}' WHERE id % 300 = {0};"
                      "DELETE FROM keyless WHERE ctid = (SELECT min(ctid) FROM keyless)",
                      i));
      if (i == 20) sql.exec("INSERT INTO items SELECT 20000 + g, repeat('y', 100) FROM generate_series(1, 400) g");
    }
  }
  void cut_the_stream() const {
    exec(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL "
        "AND slot_name = 'slot_" +
        database_.name() + "'");
  }

  [[nodiscard]] static bool streams(const Running& run) {
    const auto status = run.status();
    return status.phase == Phase::streaming && !status.tables.empty() &&
           std::ranges::all_of(status.tables, [](const auto& table) { return table.state == OutputState::streaming; });
  }
  // Returns what readers see; empty if there is no such table.
  [[nodiscard]] Lines copied(const std::string& table) const {
    const auto target = store_->target({.schema = "public", .table = table});
    if (target == nullptr) return {};
    Lines lines;
    const auto ids = target->values("id"), notes = target->values("note");
    for (std::size_t row = 0; row < target->rows().size(); ++row) {
      lines.push_back(to_text(contract::cell_of(ids, row)) + "|" + to_text(contract::cell_of(notes, row)));
    }
    std::ranges::sort(lines);
    return lines;
  }
  // Returns true once everything committed by now is in the destination and every table is streaming.
  [[nodiscard]] bool catches_up(const Running& run) const {
    exec("INSERT INTO items VALUES (99999, 'the last')");
    return eventually([&] { return streams(run) && std::ranges::count(copied("items"), "99999|the last") > 0; },
                      long_enough);
  }
  void expect_equal(const std::string& table) const {
    Lines in_source;
    const auto sql = "SELECT id || '|' || note FROM " + table;
    for (const auto& row : Sql(database_.conninfo()).query(sql)) in_source.push_back(row.at(0).value());
    std::ranges::sort(in_source);
    const auto found = copied(table);
    EXPECT_TRUE(found == in_source) << table << ": " << found.size() << " rows for " << in_source.size();
  }
  void expect_p3() const {
    const auto state = destination_->read_state();
    ASSERT_TRUE(state.checkpoint);
    EXPECT_LE(*Lsn::parse(value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'slot_" +
                                database_.name() + "'")),
              state.checkpoint->lsn);
  }
  void fail_at_times(Step step) {
    if (ends_ && step == Step::begin) throw Error(ErrorKind::internal, "the end, for a test");
    const bool of_loader = step == Step::begin || step == Step::change || step == Step::before_commit;
    if (fails_ && of_loader && ++reached_ % 31 == 0) {
      ++failures_;
      throw Error(ErrorKind::destination, "for a test");
    }
  }

  ScratchDatabase database_;
  TempFolder folder_;
  std::string url_;
  std::shared_ptr<MemoryStore> store_;
  std::unique_ptr<destination::Destination> destination_;
  Observer observer_;
  std::atomic<bool> fails_ = false, ends_ = false;
  std::atomic<int> reached_ = 0, failures_ = 0;
};

TEST_F(RunOverMemoryTest, p2_what_clients_write_arrives_once_while_tables_are_copied_resynced_and_added) {
  auto run = start();
  {
    std::jthread items([this] { write_items(); });
    std::jthread wide([this] { write_wide(); });
    std::jthread asking([this](const std::stop_token& end) {
      int answers = 0;
      for (; !end.stop_requested(); ++answers) {
        const auto status = serve::ask_status(socket());
        ASSERT_TRUE(status.has_value());
        EXPECT_EQ(serve::status_from_json(*status).slot, "slot_" + database_.name());
        EXPECT_THROW(static_cast<void>(serve::ask_sql(socket(), {.sql = "SELECT 1"})), Error) << "memory has no SQL";
      }
      EXPECT_GT(answers, 0);
    });
    EXPECT_TRUE(eventually([&] { return streams(*run); }, long_enough));
    EXPECT_TRUE(serve::ask_request(socket(), replication::Requested::resync,
                                   {{.schema = "public", .name = "wide", .columns = {}}}));
    exec("CREATE TABLE late(id int PRIMARY KEY, note text); INSERT INTO late VALUES (1, 'a'), (2, 'b')");
    cut_the_stream();
    EXPECT_TRUE(serve::ask_request(socket(), replication::Requested::resync,
                                   {{.schema = "public", .name = "items", .columns = {}}}));
    items.join();
    wide.join();
    EXPECT_TRUE(
        eventually([this] { return store_->target({.schema = "public", .table = "late"}) != nullptr; }, long_enough));
    EXPECT_TRUE(catches_up(*run));
  }
  run->stop();
  const auto summary = run->end();
  EXPECT_TRUE(summary.stopped);
  for (const auto* table : {"items", "wide", "keyless", "late"}) expect_equal(table);
  expect_p3();
}

TEST_F(RunOverMemoryTest, p2_a_destination_that_fails_at_times_has_everything_once) {
  auto run = start();
  ASSERT_TRUE(eventually([&] { return streams(*run); }, long_enough));
  fails_ = true;
  {
    const std::jthread items([this] { write_items(); });
    const std::jthread wide([this] { write_wide(); });
  }
  EXPECT_TRUE(catches_up(*run));
  fails_ = false;
  run->stop();
  static_cast<void>(run->end());
  EXPECT_GT(failures_, 0);
  for (const auto* table : {"items", "wide", "keyless"}) expect_equal(table);
  expect_p3();
}

TEST_F(RunOverMemoryTest, a_run_that_is_stopped_while_a_table_is_copied_leaves_it_to_the_next) {
  Running* stopped = nullptr;
  std::atomic<bool> started = false;
  observer_.advanced = [&](std::uint64_t rows) {
    if (rows > 200 && started) stopped->stop();  // called by a worker of the copy
  };
  auto run = start();
  stopped = run.get();
  started = true;
  const auto summary = run->end();
  EXPECT_TRUE(summary.stopped);
  EXPECT_FALSE(summary.unfinished.empty());
  run.reset();
  observer_.advanced = [](std::uint64_t /*rows*/) {};
  run = start();
  write_items();
  EXPECT_TRUE(catches_up(*run));
  run->stop();
  static_cast<void>(run->end());
  for (const auto* table : {"items", "wide", "keyless"}) expect_equal(table);
}

// Every client that waits for an answer gets one.
TEST_F(RunOverMemoryTest, an_error_of_one_thread_ends_all_and_answers_who_waits) {
  auto run = start();
  ASSERT_TRUE(eventually([&] { return streams(*run); }, long_enough));
  ends_ = true;
  std::string told;
  {
    const std::jthread items([this] { write_items(); });
    const std::jthread asking([&] {
      try {
        static_cast<void>(serve::ask_request(socket(), replication::Requested::resync,
                                             {{.schema = "public", .name = "wide", .columns = {}}}));
      } catch (const Error& error) {
        told = error.cause();
      }
    });
    EXPECT_THROW(static_cast<void>(run->end()), Error);
  }
  EXPECT_NE(told.find("the run ended before it took the request"), std::string::npos) << told;
  expect_p3();
}

}  // namespace
}  // namespace walbrook::test
