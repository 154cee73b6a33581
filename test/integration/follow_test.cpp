// `run --follow`: how it ends, what it confirms, and whether it keeps up with no load and with too much.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/lsn.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

std::string confirmed(const ReplicatedDatabase& db) {
  return db.value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = " +
                  quote_literal(db.pipeline.slot));
}

Lsn lsn(const std::string& text) {
  return Lsn::parse(text).value_or(Lsn{});
}

// Returns the answer of `walbrook sql` while the run holds the file; nullopt: the command failed.
std::optional<nlohmann::json> ask(const ReplicatedDatabase& db, const std::string& sql) {
  const auto result = run(db.pipeline.command("sql", {"--json", sql}));
  if (result.exit_code != 0) return std::nullopt;
  return nlohmann::json::parse(result.out);
}

std::string asked_value(const ReplicatedDatabase& db, const std::string& expression) {
  const auto answer = ask(db, "SELECT (" + expression + ")::VARCHAR AS v");
  if (!answer || answer->at("rows").empty()) return "";
  const auto& value = answer->at("rows").at(0).at("v");
  return value.is_string() ? value.get<std::string>() : "";
}

bool arrives(const ReplicatedDatabase& db, const std::string& expression, const std::string& value) {
  return eventually([&] { return asked_value(db, expression) == value; }, milliseconds(30'000));
}

void ends_with_everything_confirmed(int signal) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "0")) << follower.err();
  db.exec("INSERT INTO t SELECT generate_series(1, 5000)");
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "5000")) << follower.err();
  follower.signal(signal);
  const auto ended = follower.wait(milliseconds(20'000));
  EXPECT_EQ(ended.exit_code, 0) << ended.describe();
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(lsn(confirmed(db)), lsn(db.copied_value("SELECT lsn FROM _walbrook.checkpoint")))
      << "not everything was confirmed";
  const auto again = db.pipeline.run({"--json"});
  ASSERT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_NE(again.out.find("\"transactions\":0"), std::string::npos) << again.describe();
}

TEST(Follow, sigterm_ends_with_exit_0_and_everything_confirmed) {
  ends_with_everything_confirmed(SIGTERM);
}
TEST(Follow, sigint_ends_with_exit_0_and_everything_confirmed) {
  ends_with_everything_confirmed(SIGINT);
}

TEST(Follow, a_table_that_joins_is_copied_while_the_others_go_on) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "0")) << follower.err();
  db.exec(
      "CREATE TABLE later(id int PRIMARY KEY, v text); INSERT INTO later SELECT g, 'x' FROM generate_series(1, 20000) "
      "g");
  for (int i = 1; i <= 20; ++i) {
    db.exec(
        fmt::format("INSERT INTO t VALUES ({0}); UPDATE later SET v = 'y' WHERE id = {0}; INSERT INTO later VALUES "
                    "({0} + 100000, 'z')",
                    i));
  }
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "20")) << follower.err();
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM public.later", "20020")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
}

// Exit code 5 reports it at the end; the other tables have continued.
TEST(Follow, a_partition_that_joins_with_another_identity_suspends_its_table_until_that_is_altered) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE m(id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region); "
      "CREATE TABLE m_a PARTITION OF m FOR VALUES IN ('a'); INSERT INTO m SELECT g, 'a', 'x' FROM generate_series(1, "
      "9) "
      "g; CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE m_b(id int NOT NULL, region text NOT NULL, v text); "
      "INSERT INTO m_b SELECT g, 'b', 'x' FROM generate_series(1, 9) g; ALTER TABLE m_b REPLICA IDENTITY FULL");
  Process follower(
      db.pipeline.command("run", {"--follow", "--catalog-poll-interval", "200", "--table", "m", "--table", "t"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.m", "9")) << follower.err();
  const auto state_of_m = [&](const std::string& state) {
    return arrives(db, "SELECT state FROM _walbrook.outputs WHERE source_name = 'm'", state);
  };
  db.exec("ALTER TABLE m ATTACH PARTITION m_b FOR VALUES IN ('b'); DELETE FROM m WHERE id = 1");
  ASSERT_TRUE(state_of_m("suspended")) << follower.err();
  EXPECT_NE(follower.err().find("ALTER TABLE public.m_b REPLICA IDENTITY DEFAULT;"), std::string::npos)
      << follower.err();
  db.exec("UPDATE m SET v = 'y' WHERE id = 2; INSERT INTO t VALUES (1)");
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "1")) << follower.err();
  db.exec("ALTER TABLE m_b REPLICA IDENTITY DEFAULT; UPDATE m SET v = 'z' WHERE id = 3");
  ASSERT_TRUE(state_of_m("streaming")) << follower.err();
  db.exec("UPDATE m SET v = 'w' WHERE id = 4; DELETE FROM m WHERE id = 5");
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.m", "14")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
}

// The leaf's own Relation message reports it before the catalog is polled, however rarely that is.
TEST(Follow, an_identity_that_is_altered_between_two_catalog_polls_resyncs_the_table) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE m(id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region); "
      "CREATE TABLE m_a PARTITION OF m FOR VALUES IN ('a'); INSERT INTO m SELECT g, 'a', 'x' FROM generate_series(1, "
      "9) "
      "g; ALTER TABLE m_a REPLICA IDENTITY FULL");
  Process follower(db.pipeline.command("run", {"--follow", "--catalog-poll-interval", "60000"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.m", "9")) << follower.err();
  db.exec("ALTER TABLE m_a REPLICA IDENTITY DEFAULT; UPDATE m SET v = 'y' WHERE id = 2; DELETE FROM m WHERE id = 3");
  db.exec("ALTER TABLE m_a REPLICA IDENTITY FULL; UPDATE m SET v = 'z' WHERE id = 4; DELETE FROM m WHERE id = 5");
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.m", "7")) << follower.err();
  ASSERT_TRUE(arrives(db, "SELECT string_agg(v, ',' ORDER BY id) FROM public.m WHERE v <> 'x'", "y,z"))
      << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
}

TEST(Follow, a_table_that_loses_its_key_leaves_the_publication_and_the_application_goes_on) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE u(id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
  Process follower(db.pipeline.command("run", {"--follow", "--catalog-poll-interval", "200"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "2")) << follower.err();
  db.exec("ALTER TABLE t DROP CONSTRAINT t_pkey");
  ASSERT_TRUE(
      eventually([&] { return db.value("SELECT count(*) FROM pg_publication_tables WHERE tablename = 't'") == "0"; },
                 milliseconds(20'000)))
      << follower.err();
  db.exec("DELETE FROM t WHERE id = 1; INSERT INTO u VALUES (1)");
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.u", "1")) << follower.err();
  EXPECT_EQ(asked_value(db, "SELECT state FROM _walbrook.outputs WHERE source_name = 't'"), "left_out");
  db.exec("ALTER TABLE t ADD PRIMARY KEY (id)");
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "1")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
}

// This happens at once and not at the next start, without any change of the table. The last target table under the old
// name is kept.
TEST(Follow, renamed_tables_and_schemas_are_followed_without_a_copy) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'); CREATE SCHEMA shop; "
      "CREATE TABLE shop.u(id int PRIMARY KEY); INSERT INTO shop.u VALUES (1); CREATE TABLE a(id int PRIMARY KEY); "
      "CREATE TABLE b(id int PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2), (3); "
      "CREATE PUBLICATION walbrook FOR TABLE t, shop.u, a, b");
  Process follower(db.pipeline.command("run", {"--follow", "--catalog-poll-interval", "200"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.b", "2")) << follower.err();
  db.exec("ALTER TABLE t RENAME TO t2");
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM public.t2", "2")) << follower.err();
  EXPECT_EQ(asked_value(db, "SELECT count(*) FROM _walbrook.outputs WHERE source_name = 't'"), "0");
  db.exec("UPDATE t2 SET v = 'c' WHERE id = 1; ALTER SCHEMA shop RENAME TO store");
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM store.u", "1")) << follower.err();
  db.exec("INSERT INTO store.u VALUES (2); DELETE FROM t2 WHERE id = 2");
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM store.u", "2")) << follower.err();
  db.exec("BEGIN; ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b; COMMIT");
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM public.a", "2")) << follower.err();
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM public.b", "1")) << follower.err();
  db.exec("CREATE SCHEMA other; ALTER TABLE t2 SET SCHEMA other");
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM other.t2", "1")) << follower.err();
  follower.signal(SIGTERM);
  const auto result = follower.wait(milliseconds(20'000));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ((result.out + result.err).find("copied again"), std::string::npos) << result.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST(Follow, p3_an_idle_publication_moves_on_and_never_past_the_checkpoint) {
  const ReplicatedDatabase db;
  const ScratchDatabase busy(db.server());
  db.exec("CREATE TABLE quiet(id int PRIMARY KEY); INSERT INTO quiet VALUES (1)");
  Sql elsewhere(busy.conninfo());
  elsewhere.exec("CREATE TABLE noise(v text)");
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.quiet", "1")) << follower.err();
  const auto first = lsn(confirmed(db));
  const auto written = [&] { return lsn(elsewhere.value("SELECT pg_current_wal_lsn()")); };
  Lsn wanted;
  int passed = 0;
  for (int i = 0; i < 40 && passed < 2; ++i) {
    elsewhere.exec("INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 300)");
    if (!wanted.is_set()) wanted = written();
    std::this_thread::sleep_for(milliseconds(250));
    const auto slot = lsn(confirmed(db));  // before the checkpoint, which only grows
    const auto checkpoint = lsn(asked_value(db, "SELECT lsn FROM _walbrook.checkpoint"));
    EXPECT_LE(slot, checkpoint) << slot.to_string() << " is past the checkpoint " << checkpoint.to_string();
    if (slot < wanted) continue;
    ++passed;
    wanted = {};
  }
  EXPECT_EQ(passed, 2) << "the slot stays at " << confirmed(db) << ", from " << first.to_string() << "\n"
                       << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0);
  EXPECT_EQ(db.slot_past_checkpoint(), "");
}

// With this setting, the server sends no keepalive of its own.
TEST(Follow, p3_an_idle_publication_moves_on_without_wal_sender_timeout) {
  ReplicatedDatabase db;
  db.exec("CREATE TABLE quiet(id int PRIMARY KEY); INSERT INTO quiet VALUES (1)");
  db.pipeline.source += " options='-c wal_sender_timeout=0'";
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.quiet", "1")) << follower.err();
  for (int i = 0; i < 2; ++i) {
    db.exec("SELECT pg_logical_emit_message(false, 'noise', repeat('x', 100000))");
    const auto written = lsn(db.value("SELECT pg_current_wal_insert_lsn()"));
    EXPECT_TRUE(eventually([&] { return lsn(confirmed(db)) >= written; }, milliseconds(20'000)))
        << "the slot stays at " << confirmed(db) << "\n"
        << follower.err();
  }
  db.exec("INSERT INTO quiet VALUES (2)");
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM public.quiet", "2")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0);
}

TEST(Follow, p3_a_single_run_moves_an_idle_slot) {
  const ReplicatedDatabase db;
  const ScratchDatabase busy(db.server());
  db.exec("CREATE TABLE quiet(id int PRIMARY KEY)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  Sql elsewhere(busy.conninfo());
  elsewhere.exec("CREATE TABLE noise AS SELECT repeat('x', 1000) AS v FROM generate_series(1, 5000)");
  const auto written = lsn(elsewhere.value("SELECT pg_current_wal_lsn()"));
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_GE(lsn(confirmed(db)), written) << result.describe();
  EXPECT_EQ(db.slot_past_checkpoint(), "");
}

TEST(Follow, keepalives_are_answered_while_the_loader_is_slow) {
  PostgresServer server({.settings = {"wal_sender_timeout=2s"}});
  ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY, v text)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  // Spooled in several hundred parts, each durable, which takes longer than the sender's timeout.
  db.pipeline.flags = {"--batch-bytes", "4096"};
  Process follower(db.pipeline.command("run", {"--follow"}));
  db.exec("INSERT INTO t SELECT g, repeat(md5(g::text), 8) FROM generate_series(1, 8000) g");
  db.exec("UPDATE t SET v = 'short' WHERE id % 100 = 0");
  EXPECT_TRUE(eventually([&] { return asked_value(db, "SELECT count(*) FROM public.t WHERE v = 'short'") == "80"; },
                         milliseconds(60'000)))
      << follower.err();
  std::this_thread::sleep_for(milliseconds(2'500));  // idle for longer than the timeout as well
  EXPECT_TRUE(follower.running()) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(read_file(server.log()).find("replication timeout"), std::string::npos) << read_file(server.log());
  EXPECT_EQ(db.differences(), "");
}

TEST(Follow, a_locked_destination_is_waited_for) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  Process first(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "0")) << first.err();
  Process second(db.pipeline.command("run", {"--follow"}));
  EXPECT_FALSE(second.ends_within(milliseconds(1'000))) << second.err();
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait(milliseconds(20'000)).exit_code, 0);
  db.exec("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(arrives(db, "SELECT count(*) FROM public.t", "1")) << second.err();
  second.signal(SIGTERM);
  EXPECT_EQ(second.wait(milliseconds(20'000)).exit_code, 0) << second.err();
}

TEST(Follow, until_lsn_ends_before_that_commit) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (1)");
  const auto middle = db.value("SELECT pg_current_wal_lsn()");
  db.exec("INSERT INTO t VALUES (2)");
  const auto result = db.pipeline.run({"--until-lsn", middle});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.copied_value("SELECT string_agg(id::VARCHAR, ',') FROM public.t"), "1");
  EXPECT_EQ(db.slot_past_checkpoint(), "");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST(Follow, reset_begins_again) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (2); SELECT pg_drop_replication_slot(" + quote_literal(db.pipeline.slot) + ")");
  db.exec("CREATE TABLE new_one(id int PRIMARY KEY); INSERT INTO new_one VALUES (1)");
  ASSERT_EQ(db.pipeline.run().exit_code, 3);
  const auto result = db.pipeline.run({"--reset"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.new_one"), "1");
}

}  // namespace
}  // namespace walbrook::test
