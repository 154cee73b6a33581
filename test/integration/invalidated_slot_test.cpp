// The server removes WAL that the slot needs (max_slot_wal_keep_size) while a run reads it.
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

}  // namespace
}  // namespace walbrook::test
