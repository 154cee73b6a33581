// Tables whose rows a run was told not to copy.
#include <gtest/gtest.h>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// An older walbrook kept it in the reason of a table that had not begun yet.
TEST(NoSnapshot, a_file_of_an_older_walbrook_is_understood) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
  const auto killed = db.pipeline.run({"--no-snapshot"}, {{"WALBROOK_FAULT", "after_commit:1"}});
  ASSERT_TRUE(killed.killed()) << killed.describe();
  {
    DuckReader older(db.file(), DuckReader::Access::read_write);
    ASSERT_EQ(older.value("SELECT count(*) FROM _walbrook.tables WHERE columns IS NULL AND changes_only"), "1");
    older.exec(
        "ALTER TABLE _walbrook.tables DROP COLUMN changes_only; UPDATE _walbrook.tables SET reason = 'begins with its "
        "changes alone'");
  }
  db.exec("INSERT INTO t VALUES (3)");
  const auto again = db.pipeline.run();
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(DuckReader(db.file()).value("SELECT string_agg(id, ',') FROM public.t"), "3") << again.describe();
}

// What holds until it is asked otherwise, and is asked otherwise.
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
