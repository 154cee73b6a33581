// --keyless inserts: what walbrook's second publication is, how its tables are marked, and when it is dropped.
// test/scenario/keyless_inserts.test shows what is replicated.
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

const std::vector<std::string> keyless_flags = {"--keyless", "inserts"};
constexpr const char* partial_log =
    "INSERT and TRUNCATE only, updates and deletes are not followed: it has no primary key";

class KeylessInserts : public ::testing::Test {
 protected:
  void SetUp() override {
    db.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE log(a int); INSERT INTO log VALUES (1), (1)");
  }
  [[nodiscard]] ProcessResult run_keyless() const { return db.pipeline.run(keyless_flags); }
  [[nodiscard]] std::string second() const {
    return db.value(
        "SELECT coalesce(string_agg(concat_ws(' ', pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot, "
        "obj_description(oid, 'pg_publication'), (SELECT string_agg(prrelid::regclass::text, ' ') FROM "
        "pg_publication_rel WHERE prpubid = p.oid)), ''), '') FROM pg_publication p WHERE pubname = "
        "'walbrook_keyless'");
  }
  [[nodiscard]] std::string publication_names() const {
    return db.value("SELECT coalesce(string_agg(pubname, ' ' ORDER BY pubname), '') FROM pg_publication");
  }
  void expect_in(const ProcessResult& result, const std::string& text) const {
    EXPECT_NE((result.out + result.err).find(text), std::string::npos) << text << " is missing in\n"
                                                                       << result.describe();
  }
  // A field of the table in `walbrook status --json`; "?" if the status does not have the table.
  [[nodiscard]] std::string shown(const std::string& table, const std::string& field) const {
    const auto status = db.pipeline.status_of(table);
    if (status.is_null()) return "?";
    return status[field].is_null() ? "" : status[field].get<std::string>();
  }
  [[nodiscard]] std::string state_of_log() const {
    return db.copied_value(
        "SELECT state || ': ' || coalesce(reason, '') FROM _walbrook.outputs WHERE source_name = 'log'");
  }

  ReplicatedDatabase db;
};

TEST_F(KeylessInserts, the_second_publication_is_marked_and_precedes_the_slot) {
  const auto result = run_keyless();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  expect_in(result, "publication walbrook_keyless created for tables without replica identity");
  EXPECT_EQ(second(), "t f f t t created by walbrook for tables without replica identity log");
  EXPECT_EQ(db.value("SELECT p.xmin::text::bigint < s.catalog_xmin::text::bigint FROM pg_publication p, "
                     "pg_replication_slots s WHERE pubname = 'walbrook_keyless' AND s.database = current_database()"),
            "t");
  db.exec("UPDATE log SET a = 2; DELETE FROM log");  // they do not fail
}

TEST_F(KeylessInserts, its_tables_are_marked_everywhere) {
  const auto before = run(db.pipeline.command("check", keyless_flags));
  EXPECT_EQ(before.exit_code, 0) << before.describe();
  expect_in(before, "publication walbrook_keyless will be created");
  expect_in(before, std::string("public.log: ") + partial_log);
  EXPECT_EQ(publication_names(), "");

  ASSERT_EQ(run_keyless().exit_code, 0);
  EXPECT_EQ(state_of_log(), std::string("streaming: ") + partial_log);
  expect_in(run(db.pipeline.command("status")), partial_log);
  EXPECT_EQ(shown("log", "reason"), partial_log);
  EXPECT_EQ(shown("t", "reason"), "");
  const auto check = run(db.pipeline.command("check", keyless_flags));
  EXPECT_EQ(check.exit_code, 0) << check.describe();
  expect_in(check, std::string("public.log: ") + partial_log);
  expect_in(check, "publications walbrook and walbrook_keyless have 2 tables");

  Process running(db.pipeline.command("run", {"--follow", "--keyless", "inserts", "--catalog-poll-interval", "100"}));
  ASSERT_TRUE(
      eventually([&] { return !running.running() || shown("log", "reason") == partial_log; }, milliseconds(30'000)));
  db.exec("ALTER TABLE log REPLICA IDENTITY FULL");
  const auto is_whole = [&] { return shown("log", "reason").empty() && shown("log", "state") == "streaming"; };
  EXPECT_TRUE(eventually([&] { return !running.running() || is_whole(); }, milliseconds(30'000)));
  db.exec("ALTER TABLE log REPLICA IDENTITY DEFAULT");
  EXPECT_TRUE(
      eventually([&] { return !running.running() || shown("log", "reason") == partial_log; }, milliseconds(30'000)));
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait(milliseconds(30'000)).exit_code, 0);
}

TEST_F(KeylessInserts, drop_and_reset_remove_both) {
  ASSERT_EQ(run_keyless().exit_code, 0);
  auto result = db.pipeline.run({"--reset"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(publication_names(), "walbrook");
  ASSERT_EQ(db.pipeline.run({"--reset", "--keyless", "inserts"}).exit_code, 0);
  EXPECT_EQ(publication_names(), "walbrook walbrook_keyless");
  result = run(walbrook_command({"pipeline", db.pipeline.slot, "drop", "--yes", "--source", db.conninfo(),
                                 "--destination", db.pipeline.destination()}));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_in(result, "publications walbrook and walbrook_keyless");
  EXPECT_EQ(publication_names(), "");
}

TEST_F(KeylessInserts, a_pipeline_that_exists_gets_it_without_a_gap) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (1)");  // the slot has yet to send it, and it is older than the second publication
  auto result = run_keyless();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  result = run_keyless();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(state_of_log(), std::string("streaming: ") + partial_log);
  db.comparison.publication = "walbrook,walbrook_keyless";
  EXPECT_EQ(db.differences(), "");
}

TEST_F(KeylessInserts, a_table_taken_out_by_hand_stays_out) {
  ASSERT_EQ(run_keyless().exit_code, 0);
  db.exec("ALTER PUBLICATION walbrook_keyless DROP TABLE log");
  ASSERT_EQ(run_keyless().exit_code, 0);
  EXPECT_EQ(second(), "t f f t t created by walbrook for tables without replica identity");
}

TEST_F(KeylessInserts, somebody_elses_publication_is_not_completed) {
  db.exec("CREATE PUBLICATION walbrook FOR TABLE t");
  const auto result = run_keyless();
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  expect_in(result, "walbrook did not create publication walbrook");
  expect_in(result, "publish = 'insert, truncate'");
  EXPECT_EQ(publication_names(), "walbrook");

  db.exec("DROP PUBLICATION walbrook; CREATE PUBLICATION walbrook_keyless");
  const auto taken = run_keyless();
  EXPECT_EQ(taken.exit_code, 3) << taken.describe();
  expect_in(taken, "publication walbrook_keyless exists, and walbrook did not create it");
  EXPECT_EQ(publication_names(), "walbrook_keyless") << "what the run created is dropped again";
}

}  // namespace
}  // namespace walbrook::test
