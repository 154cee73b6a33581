// The server of a PostgreSQL destination goes away at each stage of a run: with --follow it is waited for, and every
// change is applied exactly once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test/support/replicated_database.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

class PostgresOutageTest : public ::testing::Test {
 protected:
  explicit PostgresOutageTest(std::vector<std::string> settings = {}) : server({.settings = std::move(settings)}) {
    Sql(server.conninfo()).exec("CREATE DATABASE copies");
    db.pipeline.server = server.url("copies");
    db.comparison.copy_conninfo = server.conninfo("copies");
    db.exec(
        "CREATE TABLE item(id int PRIMARY KEY, n int, body text); INSERT INTO item SELECT g, 0, md5(g::text) FROM "
        "generate_series(1, 100) g");
  }
  [[nodiscard]] std::string at_server(const std::string& sql) const { return Sql(server.conninfo()).value(sql); }
  [[nodiscard]] bool server_shows(const std::string& sql) const {
    return eventually([&] { return at_server(sql) == "t"; }, milliseconds(20'000));
  }
  // Stops and starts the server again and again while the source is written to. After each start the run goes on.
  void stop_while_it_streams(Process& follower, int outages) {
    const std::jthread writer([this](const std::stop_token& stop) {
      Sql sql(db.conninfo());
      for (int id = 1000; !stop.stop_requested(); ++id) {
        sql.exec(fmt::format(
            "INSERT INTO item VALUES ({0}, 0, 'x'); UPDATE item SET n = n + 1 WHERE id % 10 = {0} % 10; DELETE FROM "
            "item WHERE id = {0} - 50 AND id >= 1000",
            id));
        std::this_thread::sleep_for(milliseconds(2));  // otherwise the run needs long for what has gathered
      }
    });
    for (int outage = 0; outage < outages; ++outage) {
      std::this_thread::sleep_for(milliseconds(300 + 37 * outage));
      server.restart(PostgresServer::Stop::immediate);
      const auto before = Sql(server.conninfo("copies")).value("SELECT lsn FROM _walbrook.checkpoint");
      EXPECT_TRUE(eventually(
          [&] {
            return Sql(server.conninfo("copies"))
                       .value(fmt::format("SELECT lsn > {} FROM _walbrook.checkpoint", quote_literal(before))) == "t";
          },
          milliseconds(20'000)))
          << follower.err();
    }
  }
  void expect_equal_end(Process& follower) const {
    db.exec("INSERT INTO item VALUES (-1, 0, 'the last row')");
    EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item WHERE id = -1", "1")) << follower.err();
    follower.signal(SIGTERM);
    EXPECT_EQ(follower.wait(milliseconds(10'000)).exit_code, 0) << follower.err();
    EXPECT_EQ(db.differences(), "") << follower.err();
    EXPECT_EQ(db.slot_past_checkpoint(), "");
  }

  PostgresServer server;  // of the destination
  ReplicatedDatabase db;
};

// The run has opened the destination and waits for a writer of the source, whose transaction is older than the slot.
TEST_F(PostgresOutageTest, during_the_set_up_of_a_first_run) {
  Sql writer(db.conninfo());
  const auto begin_writing = [&](int id) { writer.exec(fmt::format("BEGIN; INSERT INTO item VALUES ({})", id)); };
  const auto stop_while_it_waits = [&](Process& run) {
    EXPECT_TRUE(eventually(
        [&] {
          return db.value("SELECT count(*) > 0 FROM pg_replication_slots WHERE slot_name = " +
                          quote_literal(db.pipeline.slot)) == "t";
        },
        milliseconds(20'000)))
        << run.err();
    server.stop(PostgresServer::Stop::immediate);
    writer.exec("COMMIT");
  };
  begin_writing(1000);
  Process once(db.pipeline.command("run"));
  stop_while_it_waits(once);
  const auto& ended = once.wait(milliseconds(30'000));
  EXPECT_EQ(ended.exit_code, 4) << ended.describe();
  EXPECT_NE(ended.err.find(fmt::format("127.0.0.1:{}", server.port())), std::string::npos) << ended.describe();
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = " + quote_literal(db.pipeline.slot)),
            "0")
      << "a run that fails leaves nothing in the source";

  server.start();
  begin_writing(1001);
  Process follower(db.pipeline.command("run", {"--follow"}));
  stop_while_it_waits(follower);
  EXPECT_TRUE(tells(follower, "trying again in 200 ms")) << follower.err();
  server.start();
  expect_equal_end(follower);
}

TEST_F(PostgresOutageTest, in_the_middle_of_a_copy) {
  db.exec(
      "CREATE TABLE long(id int PRIMARY KEY, body text); INSERT INTO long SELECT g, repeat(md5(g::text), 20) FROM "
      "generate_series(1, 100000) g");
  const auto stop_while_it_copies = [&](Process& run) {
    EXPECT_TRUE(server_shows("SELECT count(*) > 0 FROM pg_stat_progress_copy WHERE tuples_processed > 1000"))
        << run.err();
    server.stop(PostgresServer::Stop::immediate);
  };
  Process once(db.pipeline.command("run"));
  stop_while_it_copies(once);
  const auto& ended = once.wait(milliseconds(60'000));
  EXPECT_EQ(ended.exit_code, 4) << ended.describe();
  EXPECT_NE(ended.err.find(fmt::format("127.0.0.1:{}", server.port())), std::string::npos) << ended.describe();

  server.start();
  Process follower(db.pipeline.command("run", {"--follow"}));
  stop_while_it_copies(follower);
  EXPECT_TRUE(tells(follower, "the copy is tried again")) << follower.err();
  db.exec("UPDATE long SET body = 'changed meanwhile' WHERE id % 1000 = 0; DELETE FROM long WHERE id % 999 = 0");
  std::this_thread::sleep_for(milliseconds(1'000));
  EXPECT_TRUE(follower.running()) << follower.err();
  server.start();
  stop_while_it_copies(follower);
  server.start();
  expect_equal_end(follower);
}

TEST_F(PostgresOutageTest, in_the_middle_of_streaming) {
  Process follower(db.pipeline.command("run", {"--follow", "--batch-rows", "500"}));
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "100")) << follower.err();
  stop_while_it_streams(follower, 5);
  expect_equal_end(follower);
}

// A commit takes a tenth of a second, and so most stops come during one. Nothing of it is on disk.
class PostgresSlowCommitTest : public PostgresOutageTest {
 protected:
  PostgresSlowCommitTest()
      : PostgresOutageTest({"fsync=on", "commit_delay=100000", "commit_siblings=0", "wal_writer_delay=10000"}) {}
};

TEST_F(PostgresSlowCommitTest, in_the_middle_of_a_commit) {
  Process follower(db.pipeline.command("run", {"--follow", "--batch-rows", "500"}));
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "100")) << follower.err();
  stop_while_it_streams(follower, 5);
  EXPECT_TRUE(tells(follower, "committing a load")) << follower.err();
  expect_equal_end(follower);
}

// The load's process waits for a standby that does not exist when it is ended: the transaction is durable, and its
// client never learns it.
TEST_F(PostgresOutageTest, after_a_commit_whose_answer_never_came) {
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "100")) << follower.err();
  for (int id = 1000; id < 1003; ++id) {
    Sql(server.conninfo()).exec("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    Sql(server.conninfo()).exec("SELECT pg_reload_conf()");
    db.exec(fmt::format("UPDATE item SET n = n + 1; INSERT INTO item VALUES ({}, 0, 'once')", id));
    ASSERT_TRUE(
        server_shows("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
                     "application_name = 'walbrook'"))
        << follower.err();
    Sql(server.conninfo()).exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    Sql(server.conninfo()).exec("ALTER SYSTEM RESET synchronous_standby_names");
    Sql(server.conninfo()).exec("SELECT pg_reload_conf()");
    EXPECT_TRUE(db.pipeline.arrives(fmt::format("SELECT count(*) FROM item WHERE id = {}", id), "1")) << follower.err();
  }
  EXPECT_TRUE(tells(follower, "turned out to be durable")) << follower.err();
  expect_equal_end(follower);
}

}  // namespace
}  // namespace walbrook::test
