// The server invalidates the slot: it removes WAL that the slot needs (max_slot_wal_keep_size) while a run reads it, or
// nobody has read the slot for too long (idle_replication_slot_timeout). Or somebody drops the slot while a run
// follows.
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

TEST(InvalidatedSlot, ends_a_run_soon_however_small_its_batches_are) {
  PostgresServer server({.settings = {"max_slot_wal_keep_size=32MB", "max_wal_size=32MB", "min_wal_size=32MB"}});
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY, v text)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  // 33,000 batches in less WAL than the slot may keep: more than the run can apply in the time that it has to end.
  db.exec("INSERT INTO t SELECT g, repeat('y', 30) FROM generate_series(1, 100000) g");
  Process reading(db.pipeline.command("run", {"--batch-rows", "3"}));
  const auto slot_is = [&db](const std::string& condition) {
    return db.value("SELECT " + condition +
                    " FROM pg_replication_slots WHERE slot_name = " + quote_literal(db.pipeline.slot)) == "t";
  };
  ASSERT_TRUE(eventually([&] { return slot_is("active_pid IS NOT NULL"); }, milliseconds(20'000))) << reading.err();
  ASSERT_TRUE(eventually(
      [&] {
        db.exec("SELECT pg_logical_emit_message(false, 'wal', repeat('x', 1000000)) FROM generate_series(1, 50)");
        db.exec("CHECKPOINT");
        return slot_is("wal_status = 'lost'");
      },
      milliseconds(20'000)))
      << reading.err();
  ASSERT_TRUE(reading.ends_within(milliseconds(20'000))) << reading.err();
  EXPECT_EQ(reading.wait(milliseconds(1)).exit_code, 3) << reading.err();
  EXPECT_NE(reading.err().find("was invalidated by the server"), std::string::npos) << reading.err();
}

TEST(InvalidatedSlot, is_told_to_be_idle_too_long) {
  const auto bin = installed_bin_dir(18);
  if (bin.empty()) GTEST_SKIP() << "PostgreSQL 18 is not installed";
  PostgresServer server({.settings = {"idle_replication_slot_timeout=1s"}, .bin_dir = bin});
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  const auto warned = run(db.pipeline.command("check"));
  EXPECT_EQ(warned.exit_code, 0) << warned.describe();
  EXPECT_NE(warned.out.find("more than 1s is invalidated (idle_replication_slot_timeout)"), std::string::npos)
      << warned.describe();
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  ASSERT_TRUE(eventually(
      [&] {
        db.exec("CHECKPOINT");
        return db.value("SELECT invalidation_reason FROM pg_replication_slots WHERE slot_name = " +
                        quote_literal(db.pipeline.slot)) == "idle_timeout";
      },
      milliseconds(20'000)));
  for (const auto& result : {db.pipeline.run(), run(db.pipeline.command("check"))}) {
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_NE((result.out + result.err).find("nobody read it for longer than idle_replication_slot_timeout"),
              std::string::npos)
        << result.describe();
  }
}

class DroppedSlot : public ::testing::TestWithParam<bool> {};

TEST_P(DroppedSlot, ends_a_run_that_follows_although_one_of_its_name_is_there_again) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) AS n FROM public.t", "1")) << follower.err();
  follower.signal(SIGSTOP);
  const auto slot = quote_literal(db.pipeline.slot);
  db.exec("SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = " + slot);
  ASSERT_TRUE(
      eventually([&] { return db.value("SELECT active FROM pg_replication_slots WHERE slot_name = " + slot) == "f"; },
                 milliseconds(10'000)));
  db.exec("INSERT INTO t VALUES (2); SELECT pg_drop_replication_slot(" + slot + ")");
  const bool is_there_again = GetParam();
  if (is_there_again) db.exec("SELECT pg_create_logical_replication_slot(" + slot + ", 'pgoutput')");
  db.exec("INSERT INTO t VALUES (3)");
  follower.signal(SIGCONT);
  const auto ended = follower.wait(milliseconds(20'000));
  for (const auto& result : {ended, db.pipeline.run()}) {
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_NE(result.err.find(is_there_again ? "ahead of the replica" : "does not exist"), std::string::npos)
        << result.describe();
    EXPECT_NE(result.err.find("--reset"), std::string::npos) << result.describe();
  }
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.t"), "1");
  const auto reset = db.pipeline.run({"--reset", "--yes"});
  EXPECT_EQ(reset.exit_code, 0) << reset.describe();
  EXPECT_EQ(db.differences(), "");
}

INSTANTIATE_TEST_SUITE_P(Slots, DroppedSlot, ::testing::Bool(),
                         [](const auto& again) { return again.param ? "created_again" : "missing"; });

}  // namespace
}  // namespace walbrook::test
