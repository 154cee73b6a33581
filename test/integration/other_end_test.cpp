// The server at the other end: another cluster, an older state, or a failover; while following and between runs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/lsn.h"
#include "test/support/cluster_copy.h"
#include "test/support/control_file.h"
#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// A separate server whose data folder is exchanged, and a pipeline from it.
class OtherEnd : public ::testing::Test {
 protected:
  explicit OtherEnd(ServerOptions options = {}) : server(std::move(options)), folder("other_end") {
    pipeline = {.source = server.conninfo(), .file = folder / "copy.duckdb"};
    comparison = {.conninfo = server.conninfo(), .publication = pipeline.publication, .file = pipeline.file};
    exec("CREATE TABLE t(id int PRIMARY KEY, v text)");
  }
  void exec(const std::string& sql) const { Sql(server.conninfo()).exec(sql); }
  [[nodiscard]] std::string value(const std::string& sql) const { return Sql(server.conninfo()).value(sql); }
  [[nodiscard]] std::string copied(const std::string& sql) const { return DuckReader(pipeline.file).value(sql); }
  [[nodiscard]] std::string copied_rows() const {
    return copied("SELECT coalesce(string_agg(id || v, ',' ORDER BY id), '') FROM public.t");
  }
  [[nodiscard]] Lsn position() const { return *Lsn::parse(value("SELECT pg_current_wal_flush_lsn()")); }
  [[nodiscard]] Lsn checkpoint() const { return *Lsn::parse(copied("SELECT lsn FROM _walbrook.checkpoint")); }
  [[nodiscard]] Lsn confirmed() const {
    return *Lsn::parse(value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'walbrook'"));
  }
  // Waits until the server has written past `lsn`, in a table that is not published.
  void write_past(Lsn lsn) const {
    exec("CREATE TABLE IF NOT EXISTS noise(v text)");
    for (int i = 0; i < 1000 && position() <= lsn; ++i) {
      exec("INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 100)");
    }
    ASSERT_GT(position(), lsn);
  }
  void expect_run() const {
    const auto result = pipeline.run();
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
  static void expect_refused(const ProcessResult& result, const std::string& why) {
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_NE(result.err.find(why), std::string::npos) << "not told: " << why << "\n" << result.describe();
    EXPECT_NE(result.err.find("--reset"), std::string::npos) << "no way out is told\n" << result.describe();
  }
  // Every run is refused and changes no row; a reset resolves it.
  void expect_refused_until_reset(const std::string& why) const {
    const auto before = copied_rows();
    for (int i = 0; i < 2; ++i) {
      expect_refused(pipeline.run(), why);
      EXPECT_EQ(copied_rows(), before);
    }
    const auto reset = pipeline.run({"--reset"});
    EXPECT_EQ(reset.exit_code, 0) << reset.describe();
    EXPECT_EQ(differences(comparison), "");
  }
  // Starts a run that follows, and returns when `rows` have arrived.
  [[nodiscard]] std::unique_ptr<Process> follow(const std::string& rows) const {
    auto follower = std::make_unique<Process>(pipeline.command("run", {"--follow"}));
    const auto reads = [&] {
      return value("SELECT active FROM pg_replication_slots WHERE slot_name = 'walbrook'") == "t";
    };
    EXPECT_TRUE(eventually(reads, milliseconds(30'000))) << follower->err();
    EXPECT_TRUE(pipeline.arrives("SELECT count(*) FROM public.t", rows)) << follower->err();
    return follower;
  }
  // Runs until its last transaction is durable, and is killed before the slot is advanced.
  void run_without_confirming() const {
    const auto killed = pipeline.run({}, {{"WALBROOK_FAULT", "after_commit"}});
    ASSERT_TRUE(killed.killed()) << killed.describe();
  }

  PostgresServer server;
  TempFolder folder;
  Pipeline pipeline;
  Comparison comparison;
};

TEST_F(OtherEnd, another_cluster_while_following) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  PostgresServer other({.fresh_cluster = true});
  Sql(other.conninfo()).exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t VALUES (7, 'other')");
  Sql(other.conninfo()).exec("CREATE PUBLICATION walbrook FOR TABLE t");
  Sql(other.conninfo()).exec("SELECT pg_create_logical_replication_slot('walbrook', 'pgoutput')");
  Sql(other.conninfo()).exec("INSERT INTO t VALUES (8, 'other')");
  const ClusterCopy theirs(other);
  const auto follower = follow("1");
  theirs.put_into(server);
  server.start();
  const auto ended = follower->wait(milliseconds(60'000));
  expect_refused(ended, "cluster");
  EXPECT_EQ(copied_rows(), "1a");
}

TEST_F(OtherEnd, an_older_state_between_runs) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy backup(server);
  exec("INSERT INTO t SELECT g, 'lost' FROM generate_series(2, 1000) g");
  expect_run();
  backup.put_into(server);
  server.start();
  exec("INSERT INTO t VALUES (2, 'new')");
  expect_refused_until_reset("an older state of the source");
}

TEST_F(OtherEnd, an_older_state_that_has_written_past_the_checkpoint_between_runs) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy backup(server);
  exec("INSERT INTO t VALUES (2, 'lost')");
  expect_run();
  backup.put_into(server);
  server.start();
  exec("INSERT INTO t VALUES (3, 'new')");
  write_past(checkpoint());
  exec("INSERT INTO t VALUES (4, 'new')");
  expect_refused_until_reset("not in the state that the replica was copied from");
}

TEST_F(OtherEnd, an_older_state_that_has_published_nothing_since) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy backup(server);
  exec("INSERT INTO t VALUES (2, 'lost')");
  expect_run();
  backup.put_into(server);
  server.start();
  write_past(checkpoint());
  expect_refused_until_reset("it lacks transaction");
}

// The target has nothing that the server lost, but the server has something below the checkpoint that the target lacks.
TEST_F(OtherEnd, an_older_state_under_an_idle_checkpoint) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy backup(server);
  write_past(*Lsn::parse(value("SELECT pg_current_wal_lsn() + 100000")));
  expect_run();  // the checkpoint advances without a transaction
  const auto idle = checkpoint();
  backup.put_into(server);
  server.start();
  exec("INSERT INTO t VALUES (2, 'new')");
  ASSERT_LT(position(), idle);
  write_past(idle);
  expect_refused_until_reset("and the replica does not");
}

TEST_F(OtherEnd, an_older_state_while_following) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy backup(server);
  const auto follower = follow("1");
  exec("INSERT INTO t VALUES (2, 'lost')");
  ASSERT_TRUE(pipeline.arrives("SELECT count(*) FROM public.t", "2")) << follower->err();
  follower->signal(SIGSTOP);  // while the server is exchanged and writes on
  const auto written = position();
  backup.put_into(server);
  server.start();
  exec("INSERT INTO t VALUES (3, 'new')");
  write_past(Lsn{written.value + 1'000'000});
  exec("INSERT INTO t VALUES (4, 'new')");
  follower->signal(SIGCONT);
  expect_refused(follower->wait(milliseconds(60'000)), "not in the state that the replica was copied from");
  EXPECT_EQ(copied_rows(), "1a,2lost");
  expect_refused_until_reset("not in the state that the replica was copied from");
}

TEST_F(OtherEnd, an_older_state_that_is_behind_while_following) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy backup(server);
  const auto follower = follow("1");
  exec("INSERT INTO t SELECT g, 'lost' FROM generate_series(2, 5000) g");
  ASSERT_TRUE(pipeline.arrives("SELECT count(*) FROM public.t", "5000")) << follower->err();
  backup.put_into(server);
  server.start();
  expect_refused(follower->wait(milliseconds(60'000)), "an older state of the source");
}

TEST_F(OtherEnd, what_was_applied_and_not_confirmed_is_recognised) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  exec("INSERT INTO t VALUES (2, 'b')");
  run_without_confirming();
  EXPECT_LT(confirmed(), checkpoint());
  expect_run();
  EXPECT_EQ(confirmed(), checkpoint()) << "compared, and then confirmed";
  exec("INSERT INTO t VALUES (3, 'c')");
  run_without_confirming();
  exec("INSERT INTO t VALUES (4, 'd')");
  expect_run();
  EXPECT_EQ(differences(comparison), "");
}

TEST_F(OtherEnd, an_altered_publication_is_no_other_history) {
  exec("CREATE TABLE other(id int PRIMARY KEY); CREATE PUBLICATION walbrook FOR TABLE t, other");
  expect_run();
  const std::vector<std::string> alterations = {
      "ALTER PUBLICATION walbrook DROP TABLE t",
      "ALTER PUBLICATION walbrook ADD TABLE t",
      "ALTER PUBLICATION walbrook SET (publish = 'insert, update')",
      "ALTER PUBLICATION walbrook SET (publish = 'insert, update, delete, truncate')",
      "ALTER TABLE t REPLICA IDENTITY FULL",
      "ALTER TABLE t ADD COLUMN w int DEFAULT 5",
      "ALTER TABLE t RENAME TO u",
      "ALTER TABLE u RENAME TO t",
      "DROP TABLE t; CREATE TABLE t(id int PRIMARY KEY, v text); ALTER PUBLICATION walbrook ADD TABLE t"};
  for (std::size_t i = 0; i < alterations.size(); ++i) {
    if (value("SELECT to_regclass('t') IS NOT NULL") == "t") exec(fmt::format("INSERT INTO t VALUES ({}, 'x')", i + 1));
    exec(fmt::format("INSERT INTO other VALUES ({})", i));
    if (i == 3 || i == 7) exec("DELETE FROM other WHERE id = 0");
    run_without_confirming();
    exec(alterations[i]);
    const auto result = pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << alterations[i] << "\n" << result.describe();
  }
}

TEST_F(OtherEnd, what_is_sent_otherwise_is_not_compared) {
  if (server.major() < 16) GTEST_SKIP() << "origin is 16's";
  exec("SELECT pg_replication_origin_create('elsewhere')");
  expect_run();
  exec(
      "SELECT pg_replication_origin_session_setup('elsewhere'); INSERT INTO t VALUES (1, 'replicated'); "
      "SELECT pg_replication_origin_session_reset()");
  run_without_confirming();
  const auto result = pipeline.run({"--origin", "none"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
}

TEST_F(OtherEnd, a_failover_that_lost_what_the_copy_has) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy standby(server);
  exec("INSERT INTO t VALUES (2, 'lost')");
  expect_run();
  standby.put_as_standby_into(server);
  server.start();
  exec("SELECT pg_promote()");
  write_past(checkpoint());
  ASSERT_EQ(value("SELECT timeline_id FROM pg_control_checkpoint()").empty(), false);
  expect_refused_until_reset("the failover lost changes that the replica has");
  EXPECT_EQ(copied("SELECT timeline FROM _walbrook.checkpoint"), "2");
}

TEST_F(OtherEnd, a_failover_that_lost_a_tail_while_following) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy standby(server);
  const auto follower = follow("1");
  exec("INSERT INTO t VALUES (2, 'lost')");
  ASSERT_TRUE(pipeline.arrives("SELECT count(*) FROM public.t", "2")) << follower->err();
  standby.put_as_standby_into(server);
  server.start();
  std::this_thread::sleep_for(milliseconds(2'000));
  EXPECT_TRUE(follower->running()) << "a standby may be promoted soon\n" << follower->err();
  exec("SELECT pg_promote()");
  exec("INSERT INTO t VALUES (3, 'new')");
  const auto ended = follower->wait(milliseconds(60'000));
  expect_refused(ended, "");
  EXPECT_EQ(copied_rows(), "1a,2lost");
}

TEST_F(OtherEnd, failovers_that_lost_nothing_go_on) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  for (int timeline = 2; timeline <= 4; ++timeline) {
    exec(fmt::format("INSERT INTO t VALUES ({}, 'before')", timeline * 10));
    if (timeline == 3) expect_run();
    const ClusterCopy standby(server);
    standby.put_as_standby_into(server);
    server.start();
    exec("SELECT pg_promote()");
    exec(fmt::format("INSERT INTO t VALUES ({}, 'after')", timeline * 10 + 1));
    expect_run();
    EXPECT_EQ(differences(comparison), "");
    EXPECT_EQ(copied("SELECT timeline FROM _walbrook.checkpoint"), std::to_string(timeline));
  }
}

TEST_F(OtherEnd, a_failover_while_following_goes_on_when_the_standby_is_promoted) {
  exec("INSERT INTO t VALUES (1, 'a')");
  const auto follower = follow("1");
  exec("INSERT INTO t VALUES (2, 'b')");
  ASSERT_TRUE(pipeline.arrives("SELECT count(*) FROM public.t", "2")) << follower->err();
  const ClusterCopy standby(server);
  standby.put_as_standby_into(server);
  server.start();
  std::this_thread::sleep_for(milliseconds(1'500));
  exec("SELECT pg_promote()");
  exec("INSERT INTO t VALUES (3, 'c')");
  EXPECT_TRUE(pipeline.arrives("SELECT count(*) FROM public.t", "3")) << follower->err();
  exec(
      "CREATE TABLE later(id int PRIMARY KEY); INSERT INTO later VALUES (1); ALTER PUBLICATION walbrook ADD TABLE "
      "later");
  EXPECT_TRUE(pipeline.arrives("SELECT count(*) FROM public.later", "1")) << "catalog poll and copy follow\n"
                                                                          << follower->err();
  follower->signal(SIGTERM);
  EXPECT_EQ(follower->wait(milliseconds(20'000)).exit_code, 0) << follower->err();
  EXPECT_EQ(differences(comparison), "");
  EXPECT_EQ(copied("SELECT timeline FROM _walbrook.checkpoint"), "2");
}

TEST_F(OtherEnd, login_and_replication_are_enough_after_a_failover) {
  exec("CREATE ROLE reader LOGIN REPLICATION; GRANT SELECT ON t TO reader; CREATE PUBLICATION walbrook FOR TABLE t");
  pipeline.source = server.conninfo("postgres", "reader");
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy standby(server);
  standby.put_as_standby_into(server);
  server.start();
  exec("SELECT pg_promote()");
  exec("INSERT INTO t VALUES (2, 'b')");
  run_without_confirming();
  expect_run();
  EXPECT_EQ(differences(comparison), "");
}

TEST_F(OtherEnd, another_identifier_is_accepted_when_that_is_asked_for) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  exec("INSERT INTO t VALUES (2, 'b')");
  run_without_confirming();
  server.stop();
  change_system_identifier(server.folder() / "data", 7'777'777'777'777'777'777U);
  server.start();
  exec("INSERT INTO t VALUES (3, 'c')");
  const auto refused = pipeline.run();
  expect_refused(refused, "this is cluster 7777777777777777777");
  EXPECT_NE(refused.err.find("--accept-new-system"), std::string::npos) << refused.describe();
  const auto accepted = pipeline.run({"--accept-new-system"});
  EXPECT_EQ(accepted.exit_code, 0) << accepted.describe();
  EXPECT_EQ((accepted.out + accepted.err).find("copied"), std::string::npos) << accepted.describe();
  EXPECT_EQ(differences(comparison), "");
  EXPECT_EQ(copied("SELECT systemid FROM _walbrook.checkpoint"), "7777777777777777777");
  expect_run();
}

TEST_F(OtherEnd, another_identifier_is_not_accepted_where_something_does_not_fit) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy before(server);
  const auto try_after = [&](const std::string& sql, const std::string& why) {
    before.put_into(server);
    change_system_identifier(server.folder() / "data", 7'777'777'777'777'777'777U);
    server.start();
    exec(sql);
    expect_refused(pipeline.run({"--accept-new-system"}), why);
    EXPECT_EQ(copied_rows(), "1a");
  };
  try_after("ALTER TABLE t ALTER v TYPE varchar(20)", "another type in column \"v\"");
  try_after("ALTER TABLE t ADD w int", "new column \"w\"");
  try_after("DROP TABLE t; CREATE TABLE t(id int PRIMARY KEY, v text); ALTER PUBLICATION walbrook ADD TABLE t", "OID");
  try_after("ALTER PUBLICATION walbrook DROP TABLE t", "is not published");
  try_after("SELECT pg_drop_replication_slot('walbrook')", "slot walbrook does not exist");
}

// The same with the known identifier: the flag changes nothing.
TEST_F(OtherEnd, accept_new_system_does_not_accept_an_older_state) {
  exec("INSERT INTO t VALUES (1, 'a')");
  expect_run();
  const ClusterCopy backup(server);
  exec("INSERT INTO t VALUES (2, 'lost')");
  expect_run();
  backup.put_into(server);
  server.start();
  write_past(checkpoint());
  expect_refused(pipeline.run({"--accept-new-system"}), "it lacks transaction");
}

// A primary and its standby, with the slot synchronized by the server itself.
TEST(SynchronizedSlot, a_failover_that_lost_a_tail_is_refused) {
  const auto bin = installed_bin_dir(17);
  if (bin.empty()) GTEST_SKIP() << "PostgreSQL 17 is not installed";
  PostgresServer primary({.settings = {"hot_standby_feedback=on"}, .bin_dir = bin});
  const TempFolder folder("synchronized");
  Pipeline pipeline{.source = primary.conninfo(), .file = folder / "copy.duckdb"};
  const auto exec = [](const PostgresServer& server, const std::string& sql) { Sql(server.conninfo()).exec(sql); };
  exec(primary, "CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION walbrook FOR TABLE t");
  exec(primary, "SELECT pg_create_physical_replication_slot('standby')");
  PostgresServer standby(
      {.settings = {"hot_standby_feedback=on", "primary_slot_name=standby", "primary_conninfo=" + primary.conninfo()},
       .bin_dir = bin});
  const ClusterCopy base(primary);  // before there is a slot, which the standby would otherwise have already
  exec(primary, "INSERT INTO t VALUES (1)");
  auto result = pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  Sql(primary.conninfo() + " replication=database").exec("ALTER_REPLICATION_SLOT walbrook (FAILOVER true)");
  base.put_as_standby_into(standby);
  standby.start();
  const auto rows = [&](const PostgresServer& server) {
    return Sql(server.conninfo()).value("SELECT count(*) FROM t");
  };
  const auto synchronized = [&] {
    // A slot is synchronized once its catalog_xmin has passed the standby's, which requires a later list of running
    // transactions.
    exec(primary, "SELECT pg_log_standby_snapshot()");
    EXPECT_EQ(pipeline.run().exit_code, 0);
    exec(standby, "SELECT pg_sync_replication_slots()");
    return Sql(standby.conninfo())
               .value("SELECT synced AND NOT temporary FROM pg_replication_slots WHERE slot_name = 'walbrook'") == "t";
  };
  exec(primary, "INSERT INTO t VALUES (2)");
  result = pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  ASSERT_TRUE(eventually([&] { return rows(standby) == "2" && synchronized(); }, milliseconds(60'000)))
      << read_file(standby.log());
  // Changes that the standby never gets, and the target has.
  standby.stop();
  exec(primary, "INSERT INTO t VALUES (3)");
  result = pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  primary.stop();
  standby.start();
  exec(standby, "SELECT pg_promote()");
  exec(standby, "INSERT INTO t SELECT generate_series(100, 5000)");
  pipeline.source = standby.conninfo();
  result = pipeline.run();
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_NE(result.err.find("the failover lost changes that the replica has"), std::string::npos) << result.describe();
  EXPECT_EQ(DuckReader(pipeline.file).value("SELECT count(*) FROM public.t"), "3");
}

}  // namespace
}  // namespace walbrook::test
