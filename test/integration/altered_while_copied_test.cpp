// A table is dropped, renamed, truncated or rewritten while its own rows are copied, by several workers.
//
// A worker holds its table's lock while it copies a part of it. The command waits for that lock, and other workers wait
// behind the command: they find the table as the command left it.
#include <gtest/gtest.h>

#include <ostream>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

struct Command {
  std::string name;
  std::string sql;
};

void PrintTo(const Command& command, std::ostream* out) {
  *out << command.name;
}

class AlteredWhileCopied : public ::testing::TestWithParam<Command> {
 protected:
  AlteredWhileCopied() {
    db.exec(
        "CREATE TABLE t(id int PRIMARY KEY, v int, filler text); CREATE TABLE other(id int PRIMARY KEY); "
        "INSERT INTO t SELECT i, i, repeat('x', 1200) FROM generate_series(1, 12000) i; ANALYZE t; "
        "INSERT INTO other VALUES (1)");
    db.pipeline.flags = {"--snapshot-workers", "2", "--snapshot-chunk", "1048576", "--catalog-poll-interval", "200"};
  }
  // Stops the run while the server sends rows of its copy.
  [[nodiscard]] bool stop_in_copy(Process& running) const {
    Sql sql(db.conninfo());
    const auto deadline = std::chrono::steady_clock::now() + milliseconds(20'000);
    while (running.running() && std::chrono::steady_clock::now() < deadline) {
      if (sql.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' "
                    "AND state = 'active'") == "0") {
        continue;
      }
      running.signal(SIGSTOP);
      return true;
    }
    return false;
  }
  [[nodiscard]] bool waits_for_lock(int pid) const {
    return eventually(
        [&] {
          return db.value("SELECT wait_event_type FROM pg_stat_activity WHERE pid = " + std::to_string(pid)) == "Lock";
        },
        milliseconds(5'000));
  }

  ReplicatedDatabase db;
};

TEST_P(AlteredWhileCopied, p2_arrives_as_it_is_after_that) {
  Process running(db.pipeline.command("run"));
  ASSERT_TRUE(stop_in_copy(running)) << running.err();
  Sql sql(db.conninfo());
  sql.send(GetParam().sql);
  EXPECT_TRUE(waits_for_lock(sql.pid())) << "the copy was over before";
  running.signal(SIGCONT);
  const auto first = running.wait(milliseconds(30'000));
  sql.finish();
  EXPECT_EQ(first.exit_code, 0) << first.describe();

  const auto second = db.pipeline.run();
  EXPECT_EQ(second.exit_code, 0) << second.describe();
  EXPECT_EQ(db.differences(), "") << first.describe() << second.describe();
}

INSTANTIATE_TEST_SUITE_P(
    Commands, AlteredWhileCopied,
    ::testing::Values(Command{"drop", "DROP TABLE t"}, Command{"rename", "ALTER TABLE t RENAME TO u"},
                      Command{"truncate", "TRUNCATE t"},
                      Command{"rewrite", "ALTER TABLE t ALTER v TYPE text USING 'rewritten ' || v"},
                      Command{"vacuum_full", "VACUUM FULL t"}, Command{"cluster", "CLUSTER t USING t_pkey"}),
    [](const auto& command) { return command.param.name; });

}  // namespace
}  // namespace walbrook::test
