// Failover slots (--failover), which a standby of PostgreSQL 17 or later synchronizes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

#include "test/support/cluster_copy.h"
#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

void expect_of_failover(const ProcessResult& result, int exit_code, const std::string& what) {
  EXPECT_EQ(result.exit_code, exit_code) << result.describe();
  EXPECT_NE((result.out + result.err).find(what), std::string::npos) << "not said: " << what << "\n"
                                                                     << result.describe();
}

std::string is_failover_slot(const ReplicatedDatabase& db) {
  return db.value("SELECT failover FROM pg_replication_slots WHERE slot_name = " + quote_literal(db.pipeline.slot));
}

// A primary of version 17 with a standby that streams from it, and a source that names both.
class FailoverPair : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto bin = installed_bin_dir(17);
    if (bin.empty()) GTEST_SKIP() << "PostgreSQL 17 is not installed";
    primary = std::make_unique<PostgresServer>(ServerOptions{.settings = {"hot_standby_feedback=on"}, .bin_dir = bin});
    exec(*primary, "CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    exec(*primary, "SELECT pg_create_physical_replication_slot('standby')");
    standby = std::make_unique<PostgresServer>(
        ServerOptions{.settings = {"hot_standby_feedback=on", "wal_receiver_status_interval=1s",
                                   "primary_slot_name=standby", "primary_conninfo=" + primary->conninfo()},
                      .bin_dir = bin});
    const ClusterCopy base(*primary);
    base.put_as_standby_into(*standby);
    standby->start();
    pipeline = {
        .source = fmt::format("host={},{} port={},{} user=postgres dbname=postgres target_session_attrs=primary",
                              primary->folder().string(), standby->folder().string(), primary->port(), standby->port()),
        .file = folder / "copy.duckdb",
        .flags = {"--failover"}};
  }
  static void exec(const PostgresServer& server, const std::string& sql) { Sql(server.conninfo()).exec(sql); }
  [[nodiscard]] static std::string value(const PostgresServer& server, const std::string& sql) {
    return Sql(server.conninfo()).value(sql);
  }
  // Returns whether the standby has the slot as it would have it after a promotion. A slot is synchronized once its
  // catalog_xmin has reached the standby's, which requires a later list of running transactions that walbrook confirms.
  [[nodiscard]] bool is_synchronized() const {
    exec(*primary, "SELECT pg_log_standby_snapshot()");
    EXPECT_EQ(pipeline.run().exit_code, 0);
    exec(*standby, "SELECT pg_sync_replication_slots()");
    return value(*standby, "SELECT synced AND NOT temporary FROM pg_replication_slots WHERE slot_name = 'walbrook'") ==
           "t";
  }

  std::unique_ptr<PostgresServer> primary, standby;
  TempFolder folder{"failover"};
  Pipeline pipeline;
};

TEST_F(FailoverPair, a_run_that_follows_continues_on_the_promoted_standby) {
  expect_of_failover(run(pipeline.command("check", {"--failover"})), 0, "synchronized_standby_slots is empty");
  // From here on no change is sent before the standby has it.
  exec(*primary, "ALTER SYSTEM SET synchronized_standby_slots = 'standby'");
  exec(*primary, "SELECT pg_reload_conf()");
  ASSERT_TRUE(eventually([&] { return is_synchronized(); }, milliseconds(60'000))) << read_file(standby->log());
  EXPECT_EQ(value(*primary, "SELECT failover FROM pg_replication_slots WHERE slot_name = 'walbrook'"), "t");
  expect_of_failover(run(pipeline.command("check")), 0, "slot walbrook is a failover slot");
  Process follower(pipeline.command("run", {"--follow"}));
  exec(*primary, "INSERT INTO t VALUES (1000)");
  ASSERT_TRUE(pipeline.arrives("SELECT max(id) FROM public.t", "1000")) << follower.err();
  primary->stop();
  exec(*standby, "SELECT pg_promote()");
  exec(*standby, "INSERT INTO t VALUES (2000)");
  EXPECT_TRUE(pipeline.arrives("SELECT max(id) FROM public.t", "2000")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(differences({.conninfo = standby->conninfo(), .publication = pipeline.publication, .file = pipeline.file}),
            "");
  EXPECT_EQ(DuckReader(pipeline.file).value("SELECT timeline FROM _walbrook.checkpoint"), "2");
  EXPECT_EQ(pipeline.run().exit_code, 0) << "without the former primary";
}

// walbrook waits with the server, and check says for what.
TEST_F(FailoverPair, check_names_a_standby_that_holds_changes_back) {
  exec(*primary, "ALTER SYSTEM SET synchronized_standby_slots = 'standby'");
  exec(*primary, "SELECT pg_reload_conf()");
  standby->stop();
  expect_of_failover(run(pipeline.command("check", {"--failover"})), 0,
                     "changes wait for standbys that are away: standby");
}

TEST(FailoverSlot, an_existing_slot_becomes_one) {
  const auto bin = installed_bin_dir(17);
  if (bin.empty()) GTEST_SKIP() << "PostgreSQL 17 is not installed";
  const ReplicatedDatabase db(PostgresServer::shared(bin));
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(is_failover_slot(db), "f");
  expect_of_failover(run(db.pipeline.command("check", {"--failover"})), 0, "the next run makes it one");
  db.exec("INSERT INTO t VALUES (2)");
  expect_of_failover(db.pipeline.run({"--failover"}), 0, "is a failover slot now");
  EXPECT_EQ(is_failover_slot(db), "t");
  EXPECT_EQ(db.differences(), "");
  expect_of_failover(run(db.pipeline.command("check")), 0, "no standby synchronizes slot");
  EXPECT_EQ(db.pipeline.run().exit_code, 0) << "without the flag";
  EXPECT_EQ(is_failover_slot(db), "t") << "and it stays one";
}

TEST(FailoverSlot, a_slot_that_another_run_reads_is_waited_for) {
  const auto bin = installed_bin_dir(17);
  if (bin.empty()) GTEST_SKIP() << "PostgreSQL 17 is not installed";
  const ReplicatedDatabase db(PostgresServer::shared(bin));
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  Process reading(db.pipeline.command("run", {"--follow"}));
  const auto active = [&] {
    return db.value("SELECT active FROM pg_replication_slots WHERE slot_name = " + quote_literal(db.pipeline.slot));
  };
  ASSERT_TRUE(eventually([&] { return active() == "t"; }, milliseconds(20'000))) << reading.err();
  reading.signal(SIGSTOP);  // it keeps the slot and no longer advances it
  auto second = db.pipeline;
  second.file = db.folder() / "second.duckdb";
  expect_of_failover(second.run({"--adopt-slot", "--failover", "--slot-timeout", "1"}), 3,
                     "it is read by another process");
  EXPECT_EQ(is_failover_slot(db), "f");
  reading.signal(SIGCONT);
  reading.signal(SIGTERM);
  EXPECT_EQ(reading.wait(milliseconds(20'000)).exit_code, 0) << reading.err();
}

TEST(FailoverSlot, an_older_server_has_none) {
  PostgresServer& server = PostgresServer::shared();
  if (server.major() >= 17) GTEST_SKIP() << "it is " << server.major();
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  const auto why = fmt::format("a failover slot needs PostgreSQL 17; this is {}", server.major());
  expect_of_failover(run(db.pipeline.command("check", {"--failover"})), 2, why);
  expect_of_failover(db.pipeline.run({"--failover"}), 2, why);
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = " + quote_literal(db.pipeline.slot)),
            "0");
}

}  // namespace
}  // namespace walbrook::test
