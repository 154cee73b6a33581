// Tables whose rows a run was asked not to copy.
#include <gtest/gtest.h>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// Killed between `pending` and `streaming`, and started again without the first run's flag.
TEST(NoSnapshot, p2_a_kill_at_its_beginning_loses_no_change) {
  for (const std::string fault : {"before_swap_in", "before_commit", "after_commit"}) {
    const ReplicatedDatabase db;
    db.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE u(id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    const auto killed = db.pipeline.run({"--no-snapshot"}, {{"WALBROOK_FAULT", fault}});
    ASSERT_TRUE(killed.killed()) << fault << killed.describe();
    db.exec("INSERT INTO t VALUES (3)");
    const auto again = db.pipeline.run({}, {{"WALBROOK_FAULT", fault}});
    db.exec("INSERT INTO t VALUES (4); INSERT INTO u VALUES (1)");
    const auto last = db.pipeline.run();
    EXPECT_EQ(last.exit_code, 0) << fault << last.describe();
    EXPECT_EQ(DuckReader(db.file()).value("SELECT string_agg(id, ',' ORDER BY id) FROM public.t"), "3,4")
        << fault << again.describe();
    EXPECT_EQ(db.copied_value("SELECT count(*)::VARCHAR FROM public.u"), "1") << fault;
    EXPECT_EQ(db.slot_past_checkpoint(), "") << fault;
  }
}

// Without a snapshot there is no temporary slot.
TEST(NoSnapshot, one_slot_is_enough) {
  PostgresServer server({.settings = {"max_replication_slots=1"}});
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  auto result = db.pipeline.run({"--no-snapshot"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(DuckReader(db.file()).value("SELECT state FROM _walbrook.outputs"), "streaming");
  db.exec(
      "INSERT INTO t VALUES (2); CREATE TABLE later(id int PRIMARY KEY); "
      "ALTER PUBLICATION " +
      db.pipeline.publication + " ADD TABLE later; INSERT INTO later VALUES (1)");
  result = db.pipeline.run({"--no-snapshot"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(DuckReader(db.file()).value("SELECT string_agg(id, ',') FROM public.t"), "2");
  EXPECT_EQ(DuckReader(db.file()).value("SELECT string_agg(id, ',') FROM public.later"), "1");
}

// --no-snapshot persists for its tables until a resync is requested.
TEST(NoSnapshot, a_resync_copies_the_rows) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
  ASSERT_EQ(db.pipeline.run({"--no-snapshot"}).exit_code, 0);
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(DuckReader(db.file()).value("SELECT count(*) FROM public.t"), "0");
  EXPECT_EQ(run(db.pipeline.command("resync", {"t"})).exit_code, 0);
  const auto after = db.pipeline.run();
  EXPECT_EQ(after.exit_code, 0) << after.describe();
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
