// Publication, slot and snapshot: what walbrook creates in the source, and what others change there between runs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

bool waits_for(const ReplicatedDatabase& db, const std::string& query, Process& process) {
  return eventually(
      [&] { return !process.running() || db.value("SELECT count(*) FROM pg_stat_activity WHERE " + query) != "0"; },
      milliseconds(20'000));
}

TEST(Publication, p6_a_slot_and_a_publication_are_all_that_is_made_in_the_source) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE other(id int) PARTITION BY RANGE (id)");
  const std::string objects =
      "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_proc) + (SELECT count(*) FROM pg_trigger) + "
      "(SELECT "
      "count(*) FROM pg_namespace) + (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_authid)";
  const auto before = db.value(objects);
  const auto result = db.pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.value(objects), before);
  EXPECT_EQ(db.value("SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_publication_tables"), "other,t");
  EXPECT_EQ(db.value("SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate AND pubviaroot FROM pg_publication"),
            "t");
  EXPECT_EQ(
      db.value("SELECT count(*) FROM pg_replication_slots WHERE plugin = 'pgoutput' AND database = current_database()"),
      "1");
  EXPECT_EQ(db.value("SELECT temporary FROM pg_replication_slots WHERE database = current_database()"), "f");
}

// Like PostGIS's spatial_ref_sys, it is created and dropped with the extension.
TEST(Publication, a_table_of_an_extension_is_published_only_where_it_is_asked_for) {
  ReplicatedDatabase db;
  const std::string published =
      "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_publication_tables WHERE pubname = ";
  db.exec(
      "CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE belongs(id int PRIMARY KEY); INSERT INTO belongs VALUES (1); "
      "ALTER EXTENSION plpgsql ADD TABLE belongs");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.value(published + "'walbrook'"), "t");
  db.exec(
      "CREATE TABLE later(id int PRIMARY KEY); CREATE TABLE later_belongs(id int PRIMARY KEY); "
      "ALTER EXTENSION plpgsql ADD TABLE later_belongs");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.value(published + "'walbrook'"), "later,t");
  db.pipeline.publication = db.pipeline.slot = "asked";
  db.pipeline.file = db.folder() / "asked.duckdb";
  const auto result = db.pipeline.run({"--table", "t", "--table", "belongs"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.value(published + "'asked'"), "belongs,t");
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.belongs"), "1");
}

TEST(Publication, p6_least_privilege_is_enough) {
  ReplicatedDatabase db;
  const std::string role = "least_" + db.name();
  db.exec("CREATE ROLE " + role +
          " LOGIN REPLICATION; CREATE TABLE t(id int PRIMARY KEY, v text); "
          "CREATE TABLE not_ours(id int); INSERT INTO t VALUES (1, 'a'); GRANT SELECT ON t TO " +
          role +
          "; "
          "CREATE PUBLICATION walbrook FOR TABLE t");
  const auto publication = db.value("SELECT xmin::text || p::text FROM pg_publication p");
  db.pipeline.source = db.conninfo(role);
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  db.exec("UPDATE t SET v = 'b'; INSERT INTO t VALUES (2, 'c')");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(db.value("SELECT xmin::text || p::text FROM pg_publication p"), publication)
      << "the user's publication was altered";
  db.exec("SELECT pg_drop_replication_slot(" + quote_literal(db.pipeline.slot) + "); REVOKE ALL ON t FROM " + role +
          "; DROP ROLE " + role);
}

TEST(Publication, check_finds_nothing_and_changes_nothing) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  const auto result = run(db.pipeline.command("check"));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
  EXPECT_FALSE(std::filesystem::exists(db.file()));
}

// Under a snapshot that is older than a rewriting ALTER, COPY returns no rows and no error.
TEST(Publication, rewriting_alter_while_the_snapshot_waits_for_a_writer) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE first(id int PRIMARY KEY); CREATE TABLE t(id int PRIMARY KEY, v int, w text); "
      "INSERT INTO t SELECT i, i, i::text FROM generate_series(1, 1000) i; CREATE PUBLICATION walbrook FOR TABLE "
      "first");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("ALTER PUBLICATION walbrook ADD TABLE t");
  Sql writer(db.conninfo());
  writer.exec("BEGIN; INSERT INTO first VALUES (1)");
  Process running(db.pipeline.command("run"));
  ASSERT_TRUE(waits_for(
      db, "query ILIKE '%CREATE_REPLICATION_SLOT%' AND wait_event_type = 'Lock' AND backend_type = 'walsender'",
      running));
  db.exec(
      "ALTER TABLE t ALTER v TYPE bigint; ALTER TABLE t ALTER w TYPE int USING w::int * 2; UPDATE t SET v = -1 WHERE "
      "id = 7");
  std::this_thread::sleep_for(milliseconds(2'000));  // the writers that it waits for are reported after a second
  writer.exec("COMMIT");
  const auto result = running.wait(milliseconds(60'000));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  const auto pid = std::to_string(writer.pid());
  EXPECT_NE((result.out + result.err).find(pid), std::string::npos)
      << "waited for pid " << pid << " and did not say so\n"
      << result.describe();
  EXPECT_EQ(db.differences(), "") << result.describe();
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.t"), "1000");
}

TEST(Publication, rewriting_alter_while_another_table_is_copied) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE a_big(id int PRIMARY KEY, filler text); CREATE TABLE z_late(id int PRIMARY KEY, v int); "
      "INSERT INTO a_big SELECT i, repeat('x', 100) FROM generate_series(1, 400000) i; "
      "INSERT INTO z_late SELECT i, i FROM generate_series(1, 1000) i; ANALYZE");
  Process running(db.pipeline.command("run", {"--snapshot-workers", "1"}));
  ASSERT_TRUE(waits_for(db, "query ILIKE 'COPY%a_big%' AND datname = current_database()", running));
  running.signal(SIGSTOP);  // the copy of a_big pauses until the other table is rewritten
  db.exec("SET lock_timeout = '3s'; ALTER TABLE z_late ALTER v TYPE text USING 'rewritten ' || v");
  running.signal(SIGCONT);
  const auto result = running.wait(milliseconds(60'000));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("z_late is copied again"), std::string::npos) << result.describe();
  EXPECT_EQ(db.differences(), "") << result.describe();
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.z_late"), "1000");
}

TEST(Publication, a_table_is_dropped_while_another_one_is_copied) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE a_big(id int PRIMARY KEY, filler text); CREATE TABLE z_late(id int PRIMARY KEY, v int); "
      "INSERT INTO a_big SELECT i, repeat('x', 100) FROM generate_series(1, 400000) i; ANALYZE");
  Process running(db.pipeline.command("run", {"--snapshot-workers", "1"}));
  ASSERT_TRUE(waits_for(db, "query ILIKE 'COPY%a_big%' AND datname = current_database()", running));
  running.signal(SIGSTOP);
  db.exec("SET lock_timeout = '3s'; DROP TABLE z_late");
  running.signal(SIGCONT);
  const auto result = running.wait(milliseconds(60'000));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "") << result.describe();
}

TEST(Publication, p2_server_crash_behind_the_confirmation) {
  PostgresServer server({.fsync = true});
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); CREATE TABLE log(a int)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  for (int i = 0; i < 3; ++i) {
    db.exec(
        "INSERT INTO t SELECT coalesce(max(id), 0) + 1, 'x' FROM t; INSERT INTO log SELECT g FROM generate_series(1, "
        "100) g");
    ASSERT_EQ(db.pipeline.run().exit_code, 0);
    server.restart(PostgresServer::Stop::immediate);
    EXPECT_EQ(db.slot_past_checkpoint(), "");
    if (i == 1) db.exec("UPDATE t SET v = 'y'; INSERT INTO log VALUES (-1)");
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db.differences(), "") << result.describe();
  }
}

TEST(Publication, p2_server_crash_while_following) {
  PostgresServer server({.fsync = true});
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); CREATE TABLE log(a int)");
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(waits_for(db, "query ILIKE 'START_REPLICATION%'", follower)) << follower.err();
  db.exec("INSERT INTO log SELECT g FROM generate_series(1, 1000) g; INSERT INTO t VALUES (1, 'x')");
  server.restart(PostgresServer::Stop::immediate);
  db.exec("INSERT INTO log SELECT g FROM generate_series(1, 1000) g; UPDATE t SET v = 'y'");
  const bool over =
      follower.ends_within(milliseconds(3'000));  // it may end with exit code 3 or connect again: nothing is lost
  if (!over) follower.signal(SIGTERM);
  (void)follower.wait(milliseconds(30'000));
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "") << result.describe();
}

TEST(Publication, the_json_of_an_error_tells_slot_and_position) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const auto checkpoint = db.copied_value("SELECT lsn FROM _walbrook.checkpoint");
  db.exec("SELECT pg_drop_replication_slot(" + quote_literal(db.pipeline.slot) + ")");
  const auto result = db.pipeline.run({"--json"});
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  const auto last = result.out.rfind("{\"event\":\"error\"");
  ASSERT_NE(last, std::string::npos) << result.describe();
  const auto error = nlohmann::json::parse(result.out.substr(last)).at("error");
  EXPECT_EQ(error.at("kind"), "source_not_ready");
  EXPECT_EQ(error.at("slot"), db.pipeline.slot);
  EXPECT_EQ(error.at("lsn"), checkpoint);
  EXPECT_FALSE(error.contains("table")) << error;
}

}  // namespace
}  // namespace walbrook::test
