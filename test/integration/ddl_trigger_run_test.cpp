// --ddl-trigger: when a run creates the event triggers, who may, who else uses them, and when they are dropped.
// test/scenario/described_ddl.test shows what is replicated, test/integration/postgres/ddl_trigger_test.cpp what they
// say.
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class DdlTriggerRun : public ::testing::Test {
 protected:
  void SetUp() override {
    db.exec("CREATE TABLE t(id int PRIMARY KEY, a int); INSERT INTO t SELECT i, i FROM generate_series(1, 100) i");
  }
  [[nodiscard]] std::string triggers() const {
    return db.value("SELECT coalesce(string_agg(evtname, ' ' ORDER BY evtname), '') FROM pg_event_trigger");
  }
  void expect_in(const ProcessResult& result, const std::string& text) const {
    EXPECT_NE((result.out + result.err).find(text), std::string::npos) << text << " is missing in\n"
                                                                       << result.describe();
  }
  // The catalog alone cannot tell the two columns apart.
  void alter_and_write(int id) const {
    db.exec("ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a int DEFAULT " + std::to_string(id));
    db.exec("VACUUM FULL t");
    db.exec("INSERT INTO t VALUES (" + std::to_string(id) + ", 0)");
  }
  void expect_followed() const {
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(result.err.find("copied again"), std::string::npos) << result.describe();
    EXPECT_EQ(db.differences(), "");
  }
  [[nodiscard]] ProcessResult drop() const {
    return run(walbrook_command({"pipeline", db.pipeline.slot, "drop", "--yes", "--source", db.conninfo(),
                                 "--destination", db.pipeline.destination()}));
  }

  ReplicatedDatabase db;
  static constexpr const char* all = "walbrook_ddl walbrook_drop walbrook_rewrite";
};

TEST_F(DdlTriggerRun, are_created_on_request_and_dropped_with_the_pipeline) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(triggers(), "");
  const auto result = db.pipeline.run({"--ddl-trigger"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  expect_in(result, "event triggers created");
  EXPECT_EQ(triggers(), all);
  expect_in(run(db.pipeline.command("check")), "event triggers describe tables that are altered");
  alter_and_write(1001);
  expect_followed();

  const auto other = "SELECT pg_create_logical_replication_slot('other_" + db.name() + "', 'pgoutput')";
  db.exec(other);
  const auto kept = db.pipeline.run({"--reset"});
  EXPECT_EQ(kept.exit_code, 0) << kept.describe();
  EXPECT_EQ(triggers(), all) << "another pipeline may use them";
  db.exec("SELECT pg_drop_replication_slot('other_" + db.name() + "')");
  const auto dropped = drop();
  EXPECT_EQ(dropped.exit_code, 0) << dropped.describe();
  expect_in(dropped, "the event triggers for altered tables");
  EXPECT_EQ(triggers(), "");
}

// Commands from before the triggers, and one of a transaction that they do not see whole.
TEST_F(DdlTriggerRun, an_existing_pipeline_gets_them_without_a_gap) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("ALTER TABLE t ADD COLUMN early int DEFAULT 3");
  db.exec("INSERT INTO t VALUES (1001, 1, 1)");
  Sql writer(db.conninfo());
  writer.exec("BEGIN; ALTER TABLE t ALTER a TYPE int USING a * 10");
  const auto waited = db.pipeline.run({"--ddl-trigger", "--snapshot-wait", "1"});
  EXPECT_NE(waited.exit_code, 0) << waited.describe();
  expect_in(waited, "idle in transaction");
  EXPECT_EQ(triggers(), "") << "nothing is left of the attempt";
  writer.exec("INSERT INTO t VALUES (1002, 2, 2); COMMIT");
  const auto result = db.pipeline.run({"--ddl-trigger"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(triggers(), all);
  EXPECT_EQ(db.differences(), "");
  alter_and_write(1003);
  expect_followed();
}

TEST_F(DdlTriggerRun, a_role_that_may_not_create_them_is_told_and_uses_those_of_others) {
  const auto role = db.name() + "_role";
  db.exec("CREATE ROLE " + role + " LOGIN REPLICATION; GRANT SELECT ON t TO " + role +
          "; CREATE PUBLICATION walbrook FOR "
          "TABLE t");
  auto of_role = db.pipeline;
  of_role.source = db.conninfo(role);
  const auto refused = of_role.run({"--ddl-trigger"});
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  expect_in(refused, "docs/ddl-trigger.md");
  expect_in(run(of_role.command("check", {"--ddl-trigger"})), "may not create them");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");

  ASSERT_EQ(db.pipeline.run({"--ddl-trigger"}).exit_code, 0);
  ASSERT_EQ(of_role.run({"--ddl-trigger"}).exit_code, 0);
  alter_and_write(1001);
  const auto followed = of_role.run();
  EXPECT_EQ(followed.exit_code, 0) << followed.describe();
  EXPECT_EQ(followed.err.find("copied again"), std::string::npos) << followed.describe();
  EXPECT_EQ(db.differences(), "");
  const auto reset = of_role.run({"--reset"});
  EXPECT_EQ(reset.exit_code, 0) << reset.describe();
  EXPECT_EQ(triggers(), all) << "the role may not drop them";
  db.exec("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

// The default of a column whose description is skipped is in no later description once VACUUM FULL has absorbed it.
TEST_F(DdlTriggerRun, a_description_in_a_skipped_transaction_ends_the_continuation) {
  db.exec("CREATE TABLE other(id int PRIMARY KEY)");
  ASSERT_EQ(db.pipeline.run({"--ddl-trigger"}).exit_code, 0);
  db.exec("BEGIN; ALTER TABLE t ADD COLUMN c int DEFAULT 7; INSERT INTO other VALUES (1); COMMIT");
  // Begin has the commit's LSN after its first byte.
  const auto lsn = db.value(
      "SELECT encode(substr(data, 2, 4), 'hex') || '/' || encode(substr(data, 6, 4), 'hex') FROM "
      "pg_logical_slot_peek_binary_changes('" +
      db.pipeline.slot +
      "', NULL, NULL, 'proto_version', '1', 'publication_names', 'walbrook') WHERE substr(data, 1, 1) = 'B' "
      "ORDER BY lsn DESC LIMIT 1");
  db.exec("VACUUM FULL t");
  db.exec("ALTER TABLE t ADD COLUMN d int");
  const auto skipped = db.pipeline.run({"--skip-transaction", lsn, "--only", "public.other"});
  EXPECT_EQ(skipped.exit_code, 0) << skipped.describe();
  expect_in(skipped, "transaction");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
  alter_and_write(1001);
  expect_followed();
}

TEST_F(DdlTriggerRun, commands_that_disabled_triggers_missed_are_found_in_the_catalog) {
  ASSERT_EQ(db.pipeline.run({"--ddl-trigger"}).exit_code, 0);
  db.exec("ALTER EVENT TRIGGER walbrook_rewrite DISABLE");
  db.exec("ALTER TABLE t ALTER a TYPE int USING a * 10");
  db.exec("ALTER EVENT TRIGGER walbrook_rewrite ENABLE ALWAYS");
  db.exec("INSERT INTO t VALUES (1001, 1)");
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_in(result, "copied again");
  EXPECT_EQ(db.differences(), "");
  alter_and_write(1002);
  expect_followed();
}

}  // namespace
}  // namespace walbrook::test
