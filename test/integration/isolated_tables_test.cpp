// What concerns one table, or a copy alone, does not stop the others: privileges, row-level security, partitions, no
// free replication slots, transactions that stay open.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

void expect_says(const ProcessResult& result, const std::string& text) {
  EXPECT_NE((result.out + result.err).find(text), std::string::npos) << text << " is missing in\n" << result.describe();
}

void expect_silent(const ProcessResult& result, const std::string& text) {
  EXPECT_EQ((result.out + result.err).find(text), std::string::npos) << text << " is in\n" << result.describe();
}

// A database whose pipeline logs in as a role that may replicate, and may read what it is granted.
class OneTable : public ::testing::Test {
 protected:
  explicit OneTable(PostgresServer& server = PostgresServer::shared()) : db(server), role("r_" + db.name()) {
    db.exec(
        fmt::format("CREATE ROLE {} LOGIN REPLICATION; CREATE TABLE a(id int PRIMARY KEY, v text); INSERT INTO a "
                    "VALUES (1, 'x'); CREATE TABLE b(id int PRIMARY KEY, v text); INSERT INTO b VALUES (1, 'x'); "
                    "CREATE PUBLICATION walbrook FOR TABLE a, b; GRANT SELECT ON a TO {}",
                    role, role));
    db.pipeline.source = db.conninfo(role);
  }
  ~OneTable() override { db.exec(fmt::format("DROP OWNED BY {}; DROP ROLE {}", role, role)); }

  [[nodiscard]] std::string state_of(const std::string& table) const {
    return db.copied_value("SELECT state FROM _walbrook.outputs WHERE source_name = '" + table + "'");
  }
  [[nodiscard]] std::string state_in_run(const std::string& table) const {
    const auto told = db.pipeline.status_of(table);
    return told.is_null() ? "" : told.at("state").get<std::string>();
  }
  void expect_equal(const std::vector<std::string>& tables) {
    auto comparison = db.comparison;
    comparison.tables = tables;
    EXPECT_EQ(test::differences(comparison), "");
  }

  ReplicatedDatabase db;
  std::string role;
};

TEST_F(OneTable, that_may_not_be_read_is_suspended_and_comes_back_by_itself) {
  const auto first = db.pipeline.run();
  EXPECT_EQ(first.exit_code, 5) << first.describe();
  expect_says(first, "table public.b is suspended");
  expect_says(first, "GRANT SELECT ON \"public\".\"b\" TO \"" + role + "\"");
  expect_equal({"public.a"});
  EXPECT_EQ(state_of("b"), "suspended");
  const auto checked = test::run(db.pipeline.command("check"));
  EXPECT_EQ(checked.exit_code, 5) << checked.describe();
  expect_says(checked, "may not read public.b");

  db.exec("INSERT INTO a VALUES (2, 'y'); INSERT INTO b VALUES (2, 'y')");
  const auto alone = db.pipeline.run({"--table", "a"});
  EXPECT_EQ(alone.exit_code, 0) << alone.describe();
  expect_silent(alone, "public.b is suspended");
  expect_equal({"public.a"});

  db.exec("GRANT SELECT ON b TO " + role);
  const auto fixed = db.pipeline.run();
  EXPECT_EQ(fixed.exit_code, 0) << fixed.describe();
  EXPECT_EQ(db.differences(), "");

  // The stream needs no SELECT privilege.
  db.exec("REVOKE SELECT ON b FROM " + role + "; INSERT INTO b VALUES (3, 'z')");
  const auto revoked = db.pipeline.run();
  EXPECT_EQ(revoked.exit_code, 0) << revoked.describe();
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(test::run(db.pipeline.command("check")).exit_code, 0);
}

TEST_F(OneTable, comes_back_at_a_catalog_poll) {
  db.exec(
      "CREATE SCHEMA s; CREATE TABLE s.c(id int PRIMARY KEY); INSERT INTO s.c VALUES (1); ALTER PUBLICATION "
      "walbrook ADD TABLE s.c; ALTER TABLE b ENABLE ROW LEVEL SECURITY; GRANT SELECT ON b, s.c TO " +
      role);
  Process follower(db.pipeline.command("run", {"--follow", "--catalog-poll-interval", "200"}));
  ASSERT_TRUE(eventually([&] { return state_in_run("a") == "streaming"; }, milliseconds(30'000))) << follower.err();
  EXPECT_EQ(state_in_run("b"), "suspended");
  EXPECT_EQ(state_in_run("c"), "suspended");
  EXPECT_NE(follower.err().find("BYPASSRLS"), std::string::npos) << follower.err();
  EXPECT_NE(follower.err().find("GRANT USAGE ON SCHEMA \"s\""), std::string::npos) << follower.err();
  db.exec("ALTER TABLE b DISABLE ROW LEVEL SECURITY; INSERT INTO b VALUES (2, 'y'); INSERT INTO s.c VALUES (2)");
  ASSERT_TRUE(eventually([&] { return state_in_run("b") == "streaming"; }, milliseconds(30'000))) << follower.err();
  EXPECT_EQ(state_in_run("c"), "suspended");
  db.exec("GRANT USAGE ON SCHEMA s TO " + role);
  ASSERT_TRUE(eventually([&] { return state_in_run("c") == "streaming"; }, milliseconds(30'000))) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
}

TEST_F(OneTable, with_an_unlogged_partition_is_suspect_until_that_is_logged) {
  db.exec("GRANT SELECT ON b TO " + role);
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec(
      "CREATE TABLE r(id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE r1 PARTITION OF r FOR VALUES FROM "
      "(0) TO (10); CREATE UNLOGGED TABLE r2 PARTITION OF r FOR VALUES FROM (10) TO (20); INSERT INTO r VALUES (1), "
      "(11); ALTER PUBLICATION walbrook SET (publish_via_partition_root = true); ALTER PUBLICATION walbrook ADD "
      "TABLE r; GRANT SELECT ON r TO " +
      role + "; INSERT INTO a VALUES (2, 'y')");
  const auto gap = db.pipeline.run();
  EXPECT_EQ(gap.exit_code, 5) << gap.describe();
  expect_says(gap, "table public.r is suspect");
  expect_says(gap, "ALTER TABLE public.r2 SET LOGGED;");
  expect_equal({"public.a", "public.b"});
  db.exec("INSERT INTO r VALUES (12); ALTER TABLE r2 SET LOGGED");
  const auto fixed = db.pipeline.run();
  EXPECT_EQ(fixed.exit_code, 0) << fixed.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_F(OneTable, whose_partition_is_sent_with_a_filter_of_its_own_is_suspended) {
  if (db.server().major() < 15) GTEST_SKIP() << "filters came with 15";
  db.exec("GRANT SELECT ON b TO " + role);
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec(
      "CREATE TABLE r(id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE r1 PARTITION OF r FOR VALUES FROM "
      "(0) TO (10); INSERT INTO r VALUES (1), (2); ALTER PUBLICATION walbrook ADD TABLE r, r1 WHERE (id > 1); GRANT "
      "SELECT ON r, r1 TO " +
      role + "; INSERT INTO a VALUES (2, 'y')");
  const auto filtered = db.pipeline.run();
  EXPECT_EQ(filtered.exit_code, 5) << filtered.describe();
  expect_says(filtered, "publish_via_partition_root = true");
  expect_equal({"public.a", "public.b"});
  db.exec("ALTER PUBLICATION walbrook DROP TABLE r1");
  const auto fixed = db.pipeline.run();
  EXPECT_EQ(fixed.exit_code, 0) << fixed.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_F(OneTable, that_was_asked_for_and_is_gone_does_not_stop_the_others) {
  db.exec("GRANT SELECT ON b TO " + role);
  db.pipeline.flags = {"--table", "a", "--table", "b"};
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("DROP TABLE b; INSERT INTO a VALUES (2, 'y')");
  const auto gone = db.pipeline.run();
  EXPECT_EQ(gone.exit_code, 0) << gone.describe();
  expect_says(gone, "table public.b is not in the publication any more, or dropped");
  EXPECT_EQ(state_of("b"), "removed");
  expect_equal({"public.a"});
}

TEST_F(OneTable, a_first_copy_that_is_stopped_is_named) {
  db.exec(
      "CREATE TABLE c AS SELECT g AS id, repeat('x', 100) AS v FROM generate_series(1, 600000) g; ALTER TABLE c ADD "
      "PRIMARY KEY (id); ALTER PUBLICATION walbrook ADD TABLE c; GRANT SELECT ON b, c TO " +
      role);
  Process run(db.pipeline.command("run", {"--json", "--snapshot-workers", "1"}));
  ASSERT_TRUE(eventually([&] { return run.out().find("\"copy_started\",\"table\":\"public.c\"") != std::string::npos; },
                         milliseconds(30'000)))
      << run.out();
  run.signal(SIGTERM);
  const auto stopped = run.wait(milliseconds(20'000));
  EXPECT_EQ(stopped.exit_code, 0) << stopped.describe();
  const auto at = stopped.out.rfind("{\"event\":\"summary\"");
  ASSERT_NE(at, std::string::npos) << stopped.describe();
  const auto summary = nlohmann::json::parse(stopped.out.substr(at));
  EXPECT_EQ(summary.at("stopped"), true);
  EXPECT_NE(summary.at("unfinished").dump().find("public.c"), std::string::npos) << summary;
  const auto again = db.pipeline.run();
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(db.differences(), "");
}

// The server of the tests below has one slot for the pipeline and one for its copies.
class FewSlots : public OneTable {
 protected:
  static PostgresServer& few() {
    static PostgresServer server({.settings = {"max_replication_slots=2", "max_prepared_transactions=4"}});
    return server;
  }
  FewSlots() : OneTable(few()) {
    db.exec("GRANT SELECT ON b TO " + role);
    for (int tries = 0; tries < 50 && db.value("SELECT count(*) FROM pg_replication_slots") != "0"; ++tries) {
      std::this_thread::sleep_for(milliseconds(100));
    }
  }
  // The server frees a dropped slot a moment after its client has ended.
  [[nodiscard]] bool slots_become(const std::string& number) const {
    return eventually([&] { return db.value("SELECT count(*) FROM pg_replication_slots") == number; },
                      milliseconds(10'000));
  }
  void take_the_last_slot() const { db.exec("SELECT pg_create_physical_replication_slot('last')"); }
  void give_it_back() const { db.exec("SELECT pg_drop_replication_slot('last')"); }
  void add_table() const {
    db.exec(
        "CREATE TABLE c(id int PRIMARY KEY); INSERT INTO c SELECT generate_series(1, 100); ALTER PUBLICATION "
        "walbrook ADD TABLE c; GRANT SELECT ON c TO " +
        role + "; INSERT INTO a VALUES (2, 'y')");
  }
};

TEST_F(FewSlots, none_is_needed_where_nothing_is_copied_and_a_copy_waits) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  take_the_last_slot();
  db.exec("INSERT INTO b VALUES (2, 'y')");
  const auto idle = db.pipeline.run();
  EXPECT_EQ(idle.exit_code, 0) << idle.describe();
  EXPECT_EQ(db.differences(), "");
  add_table();
  const auto waits = db.pipeline.run();
  EXPECT_EQ(waits.exit_code, 5) << waits.describe();
  expect_says(waits, "table public.c could not be copied, the others continue");
  expect_says(waits, "all replication slots are in use");
  EXPECT_EQ(state_of("c"), "pending");
  expect_equal({"public.a", "public.b"});

  Process follower(db.pipeline.command("run", {"--follow"}));
  const auto waits_for = [&] { return db.pipeline.status().value("waits_for", ""); };
  EXPECT_TRUE(
      eventually([&] { return waits_for().find("free replication slot") != std::string::npos; }, milliseconds(30'000)))
      << follower.err();
  db.exec("INSERT INTO a VALUES (3, 'z')");
  give_it_back();
  EXPECT_TRUE(eventually([&] { return state_in_run("c") == "streaming"; }, milliseconds(30'000))) << follower.err();
  EXPECT_EQ(waits_for(), "");
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
}

// No snapshot will contain them, so they must not wait for a slot that no copy needs.
TEST_F(FewSlots, changes_of_a_table_without_a_copy_wait_for_no_slot) {
  ASSERT_TRUE(db.pipeline.run({"--no-snapshot"}, {{"WALBROOK_FAULT", "after_commit:1"}}).killed());
  take_the_last_slot();
  Process follower(db.pipeline.command("run", {"--follow"}));
  EXPECT_TRUE(eventually([&] { return state_in_run("a") == "streaming"; }, milliseconds(30'000))) << follower.err();
  db.exec("INSERT INTO a VALUES (2, 'y')");
  EXPECT_TRUE(db.pipeline.arrives("SELECT string_agg(id, ',') FROM public.a", "2")) << follower.err();
  EXPECT_EQ(db.pipeline.status().value("waits_for", ""), "");
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  give_it_back();
}

TEST_F(FewSlots, a_prepared_transaction_is_waited_for_so_long_and_named) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  add_table();
  db.exec("BEGIN; CREATE TABLE open(i int); PREPARE TRANSACTION 'left open'");
  const auto waited = db.pipeline.run({"--snapshot-wait", "1"});
  EXPECT_EQ(waited.exit_code, 5) << waited.describe();
  expect_says(waited, "table public.c could not be copied, the others continue");
  expect_says(waited, "prepared transaction \"left open\"");
  expect_says(waited, "ROLLBACK PREPARED 'left open'");
  EXPECT_TRUE(slots_become("1"));
  expect_equal({"public.a", "public.b"});
  db.exec("ROLLBACK PREPARED 'left open'");
  const auto fixed = db.pipeline.run();
  EXPECT_EQ(fixed.exit_code, 0) << fixed.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_F(FewSlots, a_first_run_that_waits_too_long_leaves_nothing_behind) {
  db.exec("DROP PUBLICATION walbrook");
  db.exec("BEGIN; CREATE TABLE open(i int); PREPARE TRANSACTION 'left open'");
  db.pipeline.source = db.conninfo();
  const auto waited = db.pipeline.run({"--snapshot-wait", "1"});
  EXPECT_EQ(waited.exit_code, 5) << waited.describe();
  expect_says(waited, "prepared transaction \"left open\"");
  EXPECT_TRUE(slots_become("0"));
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "0");
  db.exec("ROLLBACK PREPARED 'left open'");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST_F(FewSlots, a_stopped_run_says_what_is_not_whole_and_status_what_is_waited_for) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  add_table();
  Sql writer(db.conninfo());
  writer.exec("BEGIN; INSERT INTO b VALUES (7, 'open')");
  const auto pid = writer.value("SELECT pg_backend_pid()");
  Process run(db.pipeline.command("run"));
  // `status` would hold the file while the run opens it.
  ASSERT_TRUE(eventually([&] { return run.err().find("pid " + pid) != std::string::npos; }, milliseconds(30'000)))
      << run.err();
  EXPECT_NE(db.pipeline.status().value("waits_for", "").find("pid " + pid), std::string::npos);
  const auto shown = test::run(db.pipeline.command("status"));
  expect_says(shown, "pid " + pid);
  expect_silent(shown, "nothing is waiting");
  run.signal(SIGTERM);
  const auto stopped = run.wait(milliseconds(20'000));
  EXPECT_EQ(stopped.exit_code, 0) << stopped.describe();
  expect_says(stopped, "1 table is not complete yet: public.c; the next run copies it from the beginning");
  expect_silent(stopped, "nothing new");
  expect_says(test::run(db.pipeline.command("status")), "the next run copies it from the beginning");
  Process json(db.pipeline.command("run", {"--json"}));
  ASSERT_TRUE(eventually([&] { return json.out().find("\"waiting\"") != std::string::npos; }, milliseconds(30'000)))
      << json.err();
  json.signal(SIGTERM);
  const auto result = json.wait(milliseconds(20'000));
  const auto at = result.out.rfind("{\"event\":\"summary\"");
  ASSERT_NE(at, std::string::npos) << result.describe();
  const auto summary = nlohmann::json::parse(result.out.substr(at));
  EXPECT_EQ(summary.at("stopped"), true);
  EXPECT_EQ(summary.at("unfinished").at(0).at("table"), "public.c");
  writer.exec("COMMIT");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST_F(FewSlots, a_first_run_that_is_stopped_while_it_waits_says_so) {
  db.exec("DROP PUBLICATION walbrook");
  db.pipeline.source = db.conninfo();
  Sql writer(db.conninfo());
  writer.exec("BEGIN; CREATE TABLE open(i int)");
  const auto pid = writer.value("SELECT pg_backend_pid()");
  Process run(db.pipeline.command("run"));
  // `status` would hold the file while the run opens it.
  ASSERT_TRUE(eventually([&] { return run.err().find("pid " + pid) != std::string::npos; }, milliseconds(30'000)))
      << run.err();
  EXPECT_NE(db.pipeline.status().value("waits_for", "").find("pid " + pid), std::string::npos);
  run.signal(SIGTERM);
  const auto stopped = run.wait(milliseconds(20'000));
  EXPECT_EQ(stopped.exit_code, 0) << stopped.describe();
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "0");
  expect_says(stopped, "stopped before anything was done");
  EXPECT_TRUE(slots_become("0"));
}

}  // namespace
}  // namespace walbrook::test
