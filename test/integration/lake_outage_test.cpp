// The server of a lake's catalog goes away: a run that follows waits for it, and every change is applied exactly once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <stop_token>
#include <string>
#include <thread>

#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

constexpr const char* catalog_password = "tr0ub4dor";  // the server trusts everybody

class LakeOutage : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
    Sql(server.conninfo()).exec("CREATE DATABASE lake");
    db.comparison.ducklake =
        fmt::format("ducklake:postgres:host=127.0.0.1 port={} user=postgres dbname=lake password={}", server.port(),
                    catalog_password);
    db.pipeline.server = db.comparison.ducklake + "?data_path=" + (db.folder() / "lake").string();
    db.exec(
        "CREATE TABLE item(id int PRIMARY KEY, n int, body text); INSERT INTO item SELECT g, 0, md5(g::text) FROM "
        "generate_series(1, 100) g");
  }
  void expect_named_without_password(const std::string& text) const {
    EXPECT_NE(text.find(fmt::format("ducklake:postgres:host=127.0.0.1 port={}", server.port())), std::string::npos)
        << text;
    EXPECT_EQ(text.find(catalog_password), std::string::npos) << text;
  }
  [[nodiscard]] bool catalog_shows(const std::string& sql) const {
    return eventually([&] { return Sql(server.conninfo("lake")).value(sql) == "t"; }, milliseconds(20'000));
  }
  // Breaks the connections to the catalog again and again while the source is written to. After each time, the run
  // goes on.
  template <class Break>
  void break_while_it_streams(Process& follower, int times, const Break& break_connections) {
    const std::jthread writer([this](const std::stop_token& stop) {
      Sql sql(db.conninfo());
      for (int id = 1000; !stop.stop_requested(); ++id) {
        sql.exec(fmt::format(
            "INSERT INTO item VALUES ({0}, 0, 'x'); UPDATE item SET n = n + 1 WHERE id % 10 = {0} % 10; DELETE FROM "
            "item WHERE id = {0} - 50 AND id >= 1000",
            id));
        std::this_thread::sleep_for(milliseconds(5));  // otherwise the run needs long for what has gathered
      }
    });
    for (int time = 0; time < times; ++time) {
      std::this_thread::sleep_for(milliseconds(300 + 37 * time));
      break_connections();
      const auto before = db.copied_value("SELECT lsn FROM _walbrook.checkpoint");
      EXPECT_TRUE(eventually([&] { return db.copied_value("SELECT lsn FROM _walbrook.checkpoint") != before; },
                             milliseconds(30'000)))
          << follower.err();
    }
  }
  void expect_equal_end(Process& follower) const {
    db.exec("INSERT INTO item VALUES (-1, 0, 'the last row')");
    EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item WHERE id = -1", "1")) << follower.err();
    follower.signal(SIGINT);
    EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
    EXPECT_EQ(db.differences(), "") << follower.err();
    EXPECT_EQ(db.slot_past_checkpoint(), "");
  }

  PostgresServer server;  // of the catalog
  ReplicatedDatabase db;
};

TEST_F(LakeOutage, p2_the_catalog_restarts_while_a_run_streams) {
  Process follower(db.pipeline.command("run", {"--follow", "--batch-rows", "500"}));
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "100")) << follower.err();
  break_while_it_streams(follower, 5, [this] { server.restart(PostgresServer::Stop::immediate); });
  expect_equal_end(follower);
  expect_named_without_password(follower.err());
}

TEST_F(LakeOutage, p2_backends_of_the_catalog_end_while_a_run_streams) {
  Process follower(db.pipeline.command("run", {"--follow", "--batch-rows", "500"}));
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "100")) << follower.err();
  break_while_it_streams(follower, 10, [this] {
    const auto ended = Sql(server.conninfo())
                           .value(
                               "SELECT count(*) > 0 AND bool_and(pg_terminate_backend(pid)) FROM pg_stat_activity "
                               "WHERE datname = 'lake'");
    EXPECT_EQ(ended, "t");
  });
  expect_equal_end(follower);
}

TEST_F(LakeOutage, a_run_that_follows_waits_for_a_catalog_that_is_away) {
  server.stop(PostgresServer::Stop::immediate);
  Process follower(db.pipeline.command("run", {"--follow"}));
  EXPECT_TRUE(tells(follower, "trying again in")) << follower.err();
  server.start();
  EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "100")) << follower.err();
  server.stop(PostgresServer::Stop::immediate);
  db.exec("UPDATE item SET n = 1");
  EXPECT_TRUE(tells(follower, "nothing is lost, trying again in 800 ms")) << follower.err();
  EXPECT_TRUE(follower.running());
  server.start();
  expect_equal_end(follower);
  expect_named_without_password(follower.err());
}

TEST_F(LakeOutage, a_catalog_that_is_away_ends_a_run_with_its_reason) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("UPDATE item SET n = 1");
  server.stop(PostgresServer::Stop::immediate);
  const auto ended = db.pipeline.run();
  EXPECT_EQ(ended.exit_code, 4) << ended.describe();
  EXPECT_NE(ended.err.find("cannot be reached"), std::string::npos) << ended.describe();
  expect_named_without_password(ended.err);
  for (const auto* command : {"status", "check", "compact"}) {
    const auto result = run(db.pipeline.command(command));
    EXPECT_NE(result.exit_code, 0) << result.describe();
    EXPECT_EQ((result.out + result.err).find(catalog_password), std::string::npos) << result.describe();
  }
  server.start();
  const auto shown = run(db.pipeline.command("sql", {"--csv", "SELECT path FROM duckdb_databases()"}));
  EXPECT_EQ(shown.exit_code, 2) << shown.describe();
  EXPECT_EQ(shown.out, "") << shown.describe();
  const auto again = db.pipeline.run();
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(db.slot_past_checkpoint(), "");
}

TEST_F(LakeOutage, p2_the_catalog_restarts_in_the_middle_of_a_copy) {
  db.exec(
      "CREATE TABLE long(id int PRIMARY KEY, body text); INSERT INTO long SELECT g, repeat(md5(g::text), 20) FROM "
      "generate_series(1, 200000) g");
  const auto stop_while_it_copies = [&](Process& run) {
    EXPECT_TRUE(eventually(
        [&] { return db.value("SELECT count(*) > 0 FROM pg_stat_progress_copy WHERE tuples_processed > 1000") == "t"; },
        milliseconds(20'000)))
        << run.err();
    server.stop(PostgresServer::Stop::immediate);
  };
  Process once(db.pipeline.command("run"));
  stop_while_it_copies(once);
  const auto& ended = once.wait(milliseconds(60'000));
  EXPECT_EQ(ended.exit_code, 4) << ended.describe();
  expect_named_without_password(ended.err);

  server.start();
  Process follower(db.pipeline.command("run", {"--follow"}));
  stop_while_it_copies(follower);
  db.exec("UPDATE long SET body = 'changed meanwhile' WHERE id % 1000 = 0; DELETE FROM long WHERE id % 999 = 0");
  EXPECT_TRUE(tells(follower, "trying again in") || tells(follower, "tried again")) << follower.err();
  EXPECT_TRUE(follower.running()) << follower.err();
  server.start();
  expect_equal_end(follower);
}

// The commit's process waits for a standby that does not exist when it is ended: the commit is durable, and its client
// never learns it.
TEST_F(LakeOutage, p2_a_commit_whose_answer_never_came) {
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "100")) << follower.err();
  for (int load = 1; load <= 3; ++load) {
    Sql(server.conninfo()).exec("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    Sql(server.conninfo()).exec("SELECT pg_reload_conf()");
    db.exec(fmt::format("UPDATE item SET n = n + 1; INSERT INTO item VALUES ({}, 0, 'once')", 1000 + load));
    ASSERT_TRUE(catalog_shows("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
        << follower.err();
    Sql(server.conninfo()).exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    Sql(server.conninfo()).exec("ALTER SYSTEM RESET synchronous_standby_names");
    Sql(server.conninfo()).exec("SELECT pg_reload_conf()");
    EXPECT_TRUE(db.pipeline.arrives(fmt::format("SELECT count(*) FROM item WHERE id = {}", 1000 + load), "1"))
        << follower.err();
  }
  EXPECT_TRUE(tells(follower, "turned out to be durable")) << follower.err();
  expect_equal_end(follower);
}

}  // namespace
}  // namespace walbrook::test
