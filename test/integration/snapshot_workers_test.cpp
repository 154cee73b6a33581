// Several workers with one snapshot: large tables by ranges of pages, small ones together.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class SnapshotWorkers : public ::testing::Test {
 protected:
  SnapshotWorkers() { db_.pipeline.flags = {"--snapshot-workers", "4", "--snapshot-chunk", "16384"}; }

  // Creates a table of some hundred pages with holes and moved rows, one with large values, a partitioned one, and many
  // small ones.
  void make_source() const {
    db_.exec(
        "CREATE TABLE wide(id int PRIMARY KEY, n numeric, t text); "
        "INSERT INTO wide SELECT g, g / 7.0, repeat(md5(g::text), 4) FROM generate_series(1, 20000) g; "
        "DELETE FROM wide WHERE id % 5 = 0 OR id BETWEEN 3000 AND 6000; UPDATE wide SET t = 'moved' WHERE id % 9 = 0; "
        "CREATE TABLE big(id int PRIMARY KEY, t text); ALTER TABLE big ALTER t SET STORAGE EXTERNAL; "
        "INSERT INTO big SELECT g, repeat(md5(g::text), 400) FROM generate_series(1, 200) g; "
        "CREATE TABLE part(id int PRIMARY KEY, t text) PARTITION BY RANGE (id); "
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (3000); "
        "CREATE TABLE part_2 PARTITION OF part DEFAULT; "
        "INSERT INTO part SELECT g, md5(g::text) FROM generate_series(1, 9000) g; "
        "CREATE TABLE odd_numbers(id int PRIMARY KEY, n numeric(6, 2)); "
        "INSERT INTO odd_numbers SELECT g, CASE WHEN g % 100 = 0 THEN 'NaN' ELSE g / 10.0 END FROM "
        "generate_series(1, 5000) g; "
        "DO $$BEGIN FOR i IN 1..30 LOOP EXECUTE format('CREATE TABLE small_%s(id int PRIMARY KEY, t text)', i); "
        "EXECUTE format('INSERT INTO small_%s SELECT g, repeat(''x'', g) FROM generate_series(1, %s) g', i, i - 1); "
        "END LOOP; END$$");
  }

  ReplicatedDatabase db_;
};

TEST_F(SnapshotWorkers, copy_what_one_would) {
  make_source();
  const auto result = db_.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("copied 34 tables"), std::string::npos) << result.describe();
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(SnapshotWorkers, hold_the_seam_under_writers) {
  make_source();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    Sql sql(db_.conninfo());
    for (int i = 0; !stop; ++i) {
      sql.exec(
          fmt::format("UPDATE wide SET n = n + 1, t = t || '' WHERE id % 40 = {0} % 40; "
                      "DELETE FROM wide WHERE id % 997 = {0} % 997; INSERT INTO wide VALUES (100000 + {0}, 1, 'new')",
                      i));
    }
  });
  const auto first = db_.pipeline.run();
  const auto second = db_.pipeline.run();
  stop = true;
  writer.join();
  EXPECT_EQ(first.exit_code, 0) << first.describe();
  EXPECT_EQ(second.exit_code, 0) << second.describe();
  const auto last = db_.pipeline.run();
  EXPECT_EQ(last.exit_code, 0) << last.describe();
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(SnapshotWorkers, p2_what_is_whole_stays_after_a_crash) {
  make_source();
  // The copies of the first table are reported before the small ones are written.
  const auto killed = db_.pipeline.run({}, {{"WALBROOK_FAULT", "before_swap_in:2"}});
  EXPECT_TRUE(killed.killed()) << killed.describe();
  const auto result = db_.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(result.out.find("copied 34 tables"), std::string::npos) << "all were copied again\n" << result.describe();
  EXPECT_NE(result.out.find("copied "), std::string::npos) << result.describe();
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(SnapshotWorkers, a_row_filter_and_columns_hold_in_every_chunk) {
  make_source();
  db_.exec("CREATE PUBLICATION walbrook FOR TABLE wide (id, n) WHERE (id % 3 = 1)");
  const auto result = db_.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db_.differences(), "");
}

// This includes the connection that exports the snapshot: unfinished tables are copied under a new one.
TEST_F(SnapshotWorkers, whose_connections_are_ended_begin_again_under_a_new_snapshot) {
  make_source();
  db_.exec("INSERT INTO big SELECT g, repeat(md5(g::text), 4000) FROM generate_series(1000, 1250) g");
  Process running(db_.pipeline.command("run"));
  const std::string end_them =
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND "
      "application_name = 'walbrook' AND backend_type = 'client backend' AND EXISTS (SELECT FROM pg_stat_activity c "
      "WHERE c.datname = current_database() AND c.query LIKE 'COPY %' AND c.state = 'active')";
  Sql sql(db_.conninfo());
  ASSERT_TRUE(eventually([&] { return !running.running() || sql.value(end_them) != "0"; }, milliseconds(20'000)));
  EXPECT_TRUE(running.running()) << "it ended before its connections could be ended";
  sql.exec("UPDATE wide SET t = 'behind' WHERE id % 50 = 1; DELETE FROM big WHERE id = 1000");
  const auto ended = running.wait(milliseconds(40'000));
  EXPECT_EQ(ended.exit_code, 0) << ended.describe();
  EXPECT_NE(ended.err.find("the copy is tried again"), std::string::npos) << ended.describe();
  EXPECT_EQ(db_.pipeline.run().exit_code, 0);
  EXPECT_EQ(db_.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
