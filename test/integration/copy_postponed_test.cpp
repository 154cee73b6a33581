// If the server has no locks, slots or connections left for a copy, the table's copy is postponed and the others
// continue.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// Takes entries of the server's lock table until only `left` of them are free.
class FullLockTable {
 public:
  FullLockTable(const std::string& conninfo, int left) : sql_(conninfo) {
    try {
      sql_.exec("SELECT count(pg_advisory_lock(g)) FROM generate_series(1, 1000000) g");
    } catch (const std::exception&) {  // out of shared memory: what was taken by then is held
    }
    sql_.exec(fmt::format("SELECT count(pg_advisory_unlock(g)) FROM generate_series(1, {}) g", left));
  }
  void release() { sql_.exec("SELECT pg_advisory_unlock_all()"); }

 private:
  Sql sql_;
};

constexpr int leaves = 400;  // each is locked together with its index
constexpr int left_free = 250;

class CopyPostponed : public ::testing::Test {
 protected:
  // Creates `number` leaves with ten keys each.
  void make_partitioned(const std::string& name, int number) const {
    db_.exec(fmt::format("CREATE TABLE {0}(id int PRIMARY KEY, v text) PARTITION BY RANGE (id)", name));
    db_.exec(
        fmt::format("DO $$BEGIN FOR i IN 0..{1} LOOP EXECUTE format('CREATE TABLE {0}_%s PARTITION OF {0} FOR VALUES "
                    "FROM (%s) TO (%s)', i, i * 10, i * 10 + 10); END LOOP; END$$",
                    name, number - 1));
    db_.exec(fmt::format("INSERT INTO {} SELECT g, 'x' FROM generate_series(0, 999) g", name));
  }
  void make_table_and_partitioned() const {
    make_partitioned("m", leaves);
    db_.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)");
  }

  PostgresServer server_{{.settings = {"max_replication_slots=2"}}};
  ReplicatedDatabase db_{server_};
};

TEST_F(CopyPostponed, with_a_full_lock_table_one_table_waits_and_the_run_says_so) {
  make_table_and_partitioned();
  FullLockTable full(db_.conninfo(), left_free);
  const auto result = db_.pipeline.run();
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_NE(result.err.find("table public.m could not be copied, the others continue"), std::string::npos)
      << result.describe();
  EXPECT_NE(result.err.find("out of shared memory"), std::string::npos) << result.describe();
  EXPECT_NE(result.err.find("max_locks_per_transaction"), std::string::npos) << "no remedy\n" << result.describe();
  EXPECT_EQ(db_.copied_value("SELECT count(*) FROM public.t"), "100");
  EXPECT_EQ(db_.pipeline.status_of("m")["state"], "pending");
  EXPECT_NE(db_.pipeline.status_of("m")["reason"].get<std::string>().find("out of shared memory"), std::string::npos);
  db_.exec("UPDATE m SET v = 'y' WHERE id = 5; INSERT INTO t VALUES (101)");
  full.release();
  const auto later = db_.pipeline.run();
  EXPECT_EQ(later.exit_code, 0) << later.describe();
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(CopyPostponed, while_following_it_is_copied_once_the_server_can) {
  make_table_and_partitioned();
  FullLockTable full(db_.conninfo(), left_free);
  Process follower(db_.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(eventually([&] { return db_.pipeline.status_of("t")["state"] == "streaming"; }, milliseconds(30'000)))
      << follower.err();
  ASSERT_TRUE(eventually([&] { return db_.pipeline.status_of("m")["state"] == "pending"; }, milliseconds(30'000)))
      << follower.err();
  EXPECT_TRUE(follower.running()) << follower.err();
  db_.exec("INSERT INTO t VALUES (101); UPDATE m SET v = 'y' WHERE id = 5");
  full.release();
  db_.exec("UPDATE m SET v = 'z' WHERE id = 6");
  EXPECT_TRUE(eventually([&] { return db_.pipeline.status_of("m")["state"] == "streaming"; }, milliseconds(30'000)))
      << follower.err();
  db_.exec("DELETE FROM m WHERE id = 7");
  EXPECT_TRUE(eventually([&] { return db_.pipeline.status_of("m")["deletes"].get<int>() == 1; }, milliseconds(20'000)));
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db_.differences(), "");
}

// Each of them fits, but not two at a time.
TEST_F(CopyPostponed, with_few_locks_left_fewer_tables_are_copied_at_a_time) {
  constexpr int tables = 4;
  for (int i = 0; i < tables; ++i) make_partitioned("m" + std::to_string(i), 100);
  FullLockTable full(db_.conninfo(), left_free);
  db_.pipeline.flags = {"--snapshot-workers", std::to_string(tables)};
  const auto result = db_.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  full.release();
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(CopyPostponed, without_a_free_slot_the_others_stream_until_there_is_one) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY)");
  Process follower(db_.pipeline.command("run", {"--follow", "--catalog-poll-interval", "200"}));
  ASSERT_TRUE(eventually([&] { return db_.pipeline.status_of("t")["state"] == "streaming"; }, milliseconds(30'000)))
      << follower.err();
  db_.exec("SELECT pg_create_logical_replication_slot('another', 'pgoutput')");
  db_.exec("CREATE TABLE later(id int PRIMARY KEY, v text); INSERT INTO later VALUES (1, 'x')");
  ASSERT_TRUE(eventually([&] { return db_.pipeline.status_of("later")["state"] == "pending"; }, milliseconds(20'000)))
      << follower.err();
  EXPECT_NE(db_.pipeline.status_of("later")["reason"].get<std::string>().find("all replication slots are in use"),
            std::string::npos)
      << db_.pipeline.status_of("later");
  db_.exec("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(eventually([&] { return db_.pipeline.status_of("t")["inserts"] == 1; }, milliseconds(20'000)))
      << follower.err();
  db_.exec("UPDATE later SET v = 'y'; SELECT pg_drop_replication_slot('another')");
  EXPECT_TRUE(eventually([&] { return db_.pipeline.status_of("later")["state"] == "streaming"; }, milliseconds(30'000)))
      << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db_.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
