// A table whose columns are altered while its copy waits: the stream is behind the copy's snapshot, as it is for hours
// where a backlog is large. Here the server's process that sends it is stopped for a moment.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

struct Where {
  const char* name;
  CopiedTo to;
  int server;  // 0: Debian's
  bool ddl_trigger;
};

class AlteredCopy : public ::testing::TestWithParam<Where> {
 protected:
  void SetUp() override {
    if (bin_dir_.empty()) GTEST_SKIP() << "the server is not installed (tools/install-servers)";
    server_ = std::make_unique<PostgresServer>(ServerOptions{.bin_dir = bin_dir_});
    db_ = std::make_unique<ReplicatedDatabase>(*server_, GetParam().to);
    db_->exec(
        "CREATE TABLE t(id int PRIMARY KEY, a int, b int, price numeric(6, 2), gone text);"
        "INSERT INTO t SELECT g, g, -g, g, 'x' FROM generate_series(1, 100) g");
    const auto first = GetParam().ddl_trigger ? db_->pipeline.run({"--ddl-trigger"}) : db_->pipeline.run();
    ASSERT_EQ(first.exit_code, 0) << first.describe();
  }
  [[nodiscard]] pid_t sender() const {
    const auto pid = db_->value("SELECT coalesce(max(active_pid), 0) FROM pg_replication_slots WHERE slot_name = '" +
                                db_->pipeline.slot + "'");
    return static_cast<pid_t>(std::stol(pid));
  }
  [[nodiscard]] bool is_confirmed(const std::string& lsn) const {
    return db_->value(fmt::format("SELECT confirmed_flush_lsn >= '{}' FROM pg_replication_slots WHERE slot_name = '{}'",
                                  lsn, db_->pipeline.slot)) == "t";
  }
  // Resyncs the table, and makes the changes after its snapshot and before the stream has come there. Returns what the
  // run printed.
  std::string resync_and_change(const std::string& changes) {
    Process follower(db_->pipeline.command("run", {"--follow"}));
    EXPECT_TRUE(eventually([&] { return sender() > 0; }, milliseconds(20'000))) << follower.err();
    const auto stopped = sender();
    kill(stopped, SIGSTOP);
    const auto request = run(db_->pipeline.command("resync", {"public.t"}));
    EXPECT_EQ(request.exit_code, 0) << request.describe();
    const auto is_copied = [&] { return follower.err().find("copied public.t") != std::string::npos; };
    EXPECT_TRUE(eventually(is_copied, milliseconds(20'000))) << follower.err();
    db_->exec(changes);
    const auto end = db_->value("SELECT pg_current_wal_lsn()");
    kill(stopped, SIGCONT);
    EXPECT_TRUE(eventually([&] { return is_confirmed(end); }, milliseconds(20'000))) << follower.err();
    follower.signal(SIGTERM);
    EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
    return follower.err();
  }
  // Nothing is copied again, and the copy is altered before it is swapped in.
  void expect_followed(const std::string& printed) const {
    EXPECT_EQ(printed.find("copied again"), std::string::npos) << printed;
    EXPECT_NE(printed.find("table public.t: its copy follows"), std::string::npos) << printed;
    const auto next = db_->pipeline.run();
    EXPECT_EQ(next.exit_code, 0) << next.describe();
    EXPECT_EQ(next.err.find("copied again"), std::string::npos) << next.describe();
    EXPECT_EQ(db_->differences(), "");
  }

  const std::string bin_dir_ = GetParam().server == 0 ? default_bin_dir() : installed_bin_dir(GetParam().server);
  std::unique_ptr<PostgresServer> server_;
  std::unique_ptr<ReplicatedDatabase> db_;
};

TEST_P(AlteredCopy, a_column_is_added) {
  expect_followed(
      resync_and_change("BEGIN; INSERT INTO t VALUES (101, 1, 2, 3, 'y'); ALTER TABLE t ADD COLUMN note text;"
                        "INSERT INTO t VALUES (102, 1, 2, 3, 'z', 'new'); UPDATE t SET note = 'u' WHERE id < 4; COMMIT;"
                        "DELETE FROM t WHERE id % 10 = 5"));
}

TEST_P(AlteredCopy, columns_are_renamed_widened_and_filled) {
  if (GetParam().to == CopiedTo::files) GTEST_SKIP() << "rows in files do not change";
  expect_followed(
      resync_and_change("BEGIN; INSERT INTO t VALUES (101, 1, 2, 3, 'y');"
                        "ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME c TO b;"
                        "ALTER TABLE t ALTER price TYPE numeric(12, 2), ADD COLUMN seven int DEFAULT 7;"
                        "INSERT INTO t VALUES (102, 1, 2, 1234567.25, 'z', 8); UPDATE t SET b = 0 WHERE id < 4; COMMIT;"
                        "DELETE FROM t WHERE id % 10 = 5"));
}

// What the catalog alone cannot tell apart.
TEST_P(AlteredCopy, described_columns_change_hands) {
  if (!GetParam().ddl_trigger) GTEST_SKIP() << "nothing describes them";
  expect_followed(resync_and_change(
      "BEGIN; INSERT INTO t VALUES (101, 1, 2, 3, 'y'); ALTER TABLE t DROP COLUMN a; ALTER TABLE t RENAME b TO a;"
      "INSERT INTO t VALUES (102, 6, 3, 'z'); ALTER TABLE t ADD COLUMN b int DEFAULT 9;"
      "ALTER TABLE t DROP COLUMN gone, ADD COLUMN gone text DEFAULT 'there'; INSERT INTO t VALUES (103, 1, 2, 3);"
      "UPDATE t SET a = 0 WHERE id < 4; COMMIT"));
}

std::string name_of(const ::testing::TestParamInfo<Where>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(In, AlteredCopy,
                         ::testing::Values(Where{"file_from_15", CopiedTo::file, 0, false},
                                           Where{"file_from_18_described", CopiedTo::file, 18, true}),
                         name_of);
// `--all` runs them.
INSTANTIATE_TEST_SUITE_P(LongIn, AlteredCopy,
                         ::testing::Values(Where{"database_from_15", CopiedTo::database, 0, false},
                                           Where{"database_from_14_described", CopiedTo::database, 14, true},
                                           Where{"lake_from_15_described", CopiedTo::lake, 0, true},
                                           Where{"files_from_15", CopiedTo::files, 0, false}),
                         name_of);

}  // namespace
}  // namespace walbrook::test
