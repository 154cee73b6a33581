// A standby of PostgreSQL 16 or later as the source (--standby).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "test/support/cluster_copy.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

void expect_of_standby(const ProcessResult& result, int exit_code, const std::string& what) {
  EXPECT_EQ(result.exit_code, exit_code) << result.describe();
  EXPECT_NE((result.out + result.err).find(what), std::string::npos) << "not said: " << what << "\n"
                                                                     << result.describe();
}

// A primary with a standby that streams from it, and a pipeline that reads the standby.
class StandbySource : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const auto bin = GetParam() == 15 ? default_bin_dir() : installed_bin_dir(GetParam());
    if (bin.empty()) GTEST_SKIP() << "PostgreSQL " << GetParam() << " is not installed";
    primary = std::make_unique<PostgresServer>(ServerOptions{.bin_dir = bin});
    exec(
        "CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'copied' FROM generate_series(1, 1000) g");
    exec("SELECT pg_create_physical_replication_slot('standby')");
    exec("ALTER SYSTEM SET hot_standby_feedback = on");  // of the standby, which gets this file
    standby = std::make_unique<PostgresServer>(ServerOptions{
        .settings = {"primary_slot_name=standby", "primary_conninfo=" + primary->conninfo()}, .bin_dir = bin});
    const ClusterCopy base(*primary);
    base.put_as_standby_into(*standby);
    standby->start();
    pipeline = {.source = standby->conninfo(), .file = folder / "copy.duckdb", .flags = {"--standby"}};
  }
  void exec(const std::string& sql) const { Sql(primary->conninfo()).exec(sql); }
  [[nodiscard]] std::string standby_value(const std::string& sql) const { return Sql(standby->conninfo()).value(sql); }
  [[nodiscard]] bool standby_shows(const std::string& sql, const std::string& expected) const {
    return eventually([&] { return standby_value(sql) == expected; }, milliseconds(20'000));
  }
  // Runs until its end. A slot of a standby begins at a list of running transactions, which this writes.
  [[nodiscard]] ProcessResult run_beside_lists(const std::vector<std::string>& flags = {}) const {
    Process process(pipeline.command("run", flags));
    while (!process.ends_within(milliseconds(100))) exec("SELECT pg_log_standby_snapshot()");
    return process.wait(milliseconds(1));
  }
  [[nodiscard]] std::string differences_from(const PostgresServer& server) const {
    return differences({.conninfo = server.conninfo(), .publication = pipeline.publication, .file = pipeline.file});
  }

  std::unique_ptr<PostgresServer> primary, standby;
  TempFolder folder{"standby_source"};
  Pipeline pipeline;
};

class OlderStandby : public StandbySource {};
INSTANTIATE_TEST_SUITE_P(Versions, OlderStandby, ::testing::Values(15));
INSTANTIATE_TEST_SUITE_P(Versions, StandbySource, ::testing::Values(16, 18));

TEST_P(OlderStandby, is_refused) {
  expect_of_standby(run(pipeline.command("check", {"--standby"})), 3, "PostgreSQL 16 is the first");
  expect_of_standby(pipeline.run(), 3, "PostgreSQL 16 is the first");
}

TEST_P(StandbySource, is_copied_and_followed_over_its_promotion) {
  pipeline.flags = {};
  expect_of_standby(pipeline.run(), 3, "--standby reads from the standby");
  pipeline.flags = {"--standby"};
  expect_of_standby(pipeline.run(), 3, "publication walbrook does not exist, and a standby cannot create it");
  exec("CREATE PUBLICATION walbrook FOR TABLE t");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM pg_publication", "1"));
  expect_of_standby(run(pipeline.command("check", {"--standby"})), 0, "it is a standby");

  expect_of_standby(run_beside_lists(), 0, "copied 1 table, 1,000 rows");
  EXPECT_EQ(differences_from(*primary), "");
  EXPECT_EQ(Sql(primary->conninfo()).value("SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'logical'"),
            "0");

  exec("UPDATE t SET v = 'changed' WHERE id <= 10; DELETE FROM t WHERE id = 1000");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM t", "999"));
  auto result = pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(differences_from(*primary), "");

  // A table that is added, altered columns, and a promotion, while a run follows.
  Process follower(pipeline.command("run", {"--follow"}));
  exec(
      "CREATE TABLE later(id int PRIMARY KEY); INSERT INTO later VALUES (1); ALTER PUBLICATION walbrook ADD TABLE "
      "later");
  exec("ALTER TABLE t ADD COLUMN w int; INSERT INTO t VALUES (2000, 'new', 7)");
  ASSERT_TRUE(eventually(
      [&] {
        exec("SELECT pg_log_standby_snapshot()");
        const auto later = pipeline.status_of("later");
        return later.is_object() && later.value("state", "") == "streaming";
      },
      milliseconds(30'000)))
      << follower.err();
  EXPECT_TRUE(pipeline.arrives("SELECT max(w) FROM public.t", "7")) << follower.err();
  primary->stop();
  Sql(standby->conninfo()).exec("SELECT pg_promote()");
  Sql(standby->conninfo()).exec("INSERT INTO t VALUES (3000, 'promoted', 8)");
  EXPECT_TRUE(pipeline.arrives("SELECT max(w) FROM public.t", "8")) << follower.err();
  // The next catalog poll notices the promotion, and a later checkpoint has the new timeline.
  EXPECT_TRUE(eventually(
      [&] {
        Sql(standby->conninfo()).exec("UPDATE t SET v = v || '.' WHERE id = 3000");
        const auto timeline = run(pipeline.command("sql", {"SELECT timeline FROM _walbrook.checkpoint", "--csv"}));
        return timeline.out.find("2") != std::string::npos;
      },
      milliseconds(30'000)))
      << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  result = pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(differences_from(*standby), "");
}

// The run ends before its next catalog poll, by which it would notice the promotion: its checkpoint is a position of
// the new timeline with the number of the former one.
TEST_P(StandbySource, a_run_that_ends_right_after_the_promotion_is_continued) {
  exec("CREATE PUBLICATION walbrook FOR TABLE t");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM pg_publication", "1"));
  expect_of_standby(run_beside_lists(), 0, "copied 1 table, 1,000 rows");
  Process follower(pipeline.command("run", {"--follow", "--catalog-poll-interval", "600000"}));
  exec("INSERT INTO t VALUES (2000, 'streamed')");
  ASSERT_TRUE(pipeline.arrives("SELECT max(id) FROM public.t", "2000")) << follower.err();
  primary->stop();
  Sql(standby->conninfo()).exec("SELECT pg_promote()");
  Sql(standby->conninfo()).exec("INSERT INTO t VALUES (3000, 'promoted')");
  ASSERT_TRUE(pipeline.arrives("SELECT max(id) FROM public.t", "3000")) << follower.err();
  const bool is_killed = GetParam() == 16;  // its last position may not be confirmed
  follower.signal(is_killed ? SIGKILL : SIGTERM);
  follower.wait(milliseconds(20'000));

  Sql(standby->conninfo()).exec("INSERT INTO t VALUES (4000, 'later'); DELETE FROM t WHERE id = 1");
  const auto result = pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(differences_from(*standby), "");
}

TEST_P(StandbySource, a_run_says_that_it_waits_for_the_primary) {
  exec("CREATE PUBLICATION walbrook FOR TABLE t");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM pg_publication", "1"));
  const auto result = pipeline.run({"--snapshot-wait", "2"});
  expect_of_standby(result, 5, "waiting for the primary's next list of running transactions");
  expect_of_standby(result, 5, "SELECT pg_log_standby_snapshot();");
  EXPECT_EQ(standby_value("SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'logical'"), "0")
      << "what it began is dropped";
}

TEST_P(StandbySource, check_knows_the_settings_of_a_standby) {
  if (GetParam() < 17) GTEST_SKIP() << "failover slots are 17's";
  exec("CREATE PUBLICATION walbrook FOR TABLE t");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM pg_publication", "1"));
  expect_of_standby(run(pipeline.command("check", {"--standby", "--failover"})), 2,
                    "a slot of a standby cannot be a failover slot");
  Sql(standby->conninfo()).exec("ALTER SYSTEM RESET hot_standby_feedback");
  Sql(standby->conninfo()).exec("SELECT pg_reload_conf()");
  ASSERT_TRUE(standby_shows("SHOW hot_standby_feedback", "off"));
  expect_of_standby(run(pipeline.command("check", {"--standby"})), 0,
                    "the primary may remove rows that the slot needs");
}

// The primary vacuums rows of its catalog that the slot needs, since the standby does not tell it of them.
TEST_P(StandbySource, rows_that_the_primary_removed_end_a_run_that_follows) {
  exec("CREATE PUBLICATION walbrook FOR TABLE t");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM pg_publication", "1"));
  expect_of_standby(run_beside_lists(), 0, "copied 1 table, 1,000 rows");
  Process follower(pipeline.command("run", {"--follow"}));
  exec("INSERT INTO t VALUES (2000, 'streamed')");
  ASSERT_TRUE(pipeline.arrives("SELECT max(id) FROM public.t", "2000")) << follower.err();
  Sql(standby->conninfo()).exec("ALTER SYSTEM SET hot_standby_feedback = off");
  Sql(standby->conninfo()).exec("SELECT pg_reload_conf()");
  ASSERT_TRUE(eventually(
      [&] {
        return Sql(primary->conninfo())
                   .value("SELECT coalesce(xmin, catalog_xmin) IS NULL FROM pg_replication_slots") == "t";
      },
      milliseconds(20'000)));
  exec("CREATE TABLE gone()");
  exec("DROP TABLE gone");
  exec("VACUUM pg_class");
  ASSERT_TRUE(standby_shows("SELECT conflicting FROM pg_replication_slots WHERE slot_name = 'walbrook'", "t"));
  exec("INSERT INTO t VALUES (3000, 'not read')");
  const auto ended = follower.wait(milliseconds(30'000));
  expect_of_standby(ended, 3, "was invalidated by the server");
  for (const auto& again : {pipeline.run(), run(pipeline.command("check", {"--standby"}))}) {
    expect_of_standby(again, 3, "was invalidated by the server");
    expect_of_standby(again, 3, "hot_standby_feedback");
    expect_of_standby(again, 3, "--reset");
  }
  Sql(standby->conninfo()).exec("ALTER SYSTEM SET hot_standby_feedback = on");
  Sql(standby->conninfo()).exec("SELECT pg_reload_conf()");
  expect_of_standby(run_beside_lists({"--reset", "--yes"}), 0, "copied 1 table, 1,002 rows");
  EXPECT_EQ(differences_from(*primary), "");
}

}  // namespace
}  // namespace walbrook::test
