// Kills a run with kill -9 at every named point (base/fault.h). After another start, the target tables equal the
// source, nothing is duplicated, and the slot was never past the checkpoint. A point that no test here reaches fails
// the suite.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/fault.h"
#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr int starts_at_most = 60;

// Creates tables with and without a key, an unchanged large value, and transactions larger than a batch, so that every
// step of a load is taken.
void make_source(const ReplicatedDatabase& db) {
  db.exec(
      "CREATE TABLE item(id int PRIMARY KEY, n int, body text); CREATE TABLE log(a int, b text); "
      "CREATE TABLE bag(a int, b text); ALTER TABLE bag REPLICA IDENTITY FULL; "
      "INSERT INTO item SELECT g, 0, repeat(md5(g::text), 100) FROM generate_series(1, 3000) g; "
      "INSERT INTO log SELECT g, 'at first' FROM generate_series(1, 3000) g; "
      "INSERT INTO bag SELECT g % 5, 'equal' FROM generate_series(1, 50) g");
}

void change_source(const ReplicatedDatabase& db) {
  Sql sql(db.conninfo());
  sql.exec("UPDATE item SET n = n + 1 WHERE id % 10 = 0");
  sql.exec("INSERT INTO log SELECT g, 'small' FROM generate_series(1, 10) g");
  sql.exec(
      "BEGIN; INSERT INTO item SELECT (SELECT max(id) FROM item) + g, 1, md5(g::text) FROM generate_series(1, 1000) g; "
      "UPDATE item SET id = -id WHERE id BETWEEN 10 AND 20; DELETE FROM item WHERE id % 7 = 0; "
      "INSERT INTO log SELECT g, 'large' FROM generate_series(1, 1000) g; COMMIT");
  sql.exec("BEGIN; INSERT INTO log SELECT g, repeat(md5(g::text), 5) FROM generate_series(1, 3000) g; ROLLBACK");
  const auto gid = quote_literal("prepared in " + sql.value("SELECT current_database()"));
  sql.exec("BEGIN; INSERT INTO log SELECT g, repeat(md5(g::text), 5) FROM generate_series(1, 1000) g; " +
           ("UPDATE item SET n = -n WHERE id % 3 = 0; PREPARE TRANSACTION " + gid));
  // Since version 18, servers omit a large transaction that was rolled back by the time they decode it; this one is
  // sent.
  const auto undone = quote_literal("undone in " + sql.value("SELECT current_database()"));
  sql.exec("BEGIN; INSERT INTO bag VALUES (7, 'never seen'); PREPARE TRANSACTION " + undone);
  sql.exec("INSERT INTO bag VALUES (1, 'between')");
  sql.exec("ROLLBACK PREPARED " + undone);
  sql.exec("COMMIT PREPARED " + gid);
  sql.exec(
      "DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag WHERE a = 1 LIMIT 3); UPDATE bag SET b = 'x' WHERE a = 2");
}

// The points that ended a process, over all tests of this process.
std::set<std::string>& points_hit() {
  static std::set<std::string> hit;
  return hit;
}

// A point, and the kind of destination.
struct Killing {
  std::string point;
  CopiedTo to = CopiedTo::file;
};

std::string name_of(const ::testing::TestParamInfo<Killing>& tested) {
  switch (tested.param.to) {
    case CopiedTo::database:
      return tested.param.point + "_to_postgresql";
    case CopiedTo::files:
      return tested.param.point + "_to_files";
    case CopiedTo::lake:
      return tested.param.point + "_to_lake";
    case CopiedTo::lake_in_database:
      return tested.param.point + "_to_lake_in_postgresql";
    case CopiedTo::file:
      break;
  }
  return tested.param.point;
}

class Kill : public ::testing::TestWithParam<Killing> {
 protected:
  Kill() : db_(PostgresServer::shared(), GetParam().to) {
    // Large transactions are streamed and spooled in parts.
    db_.pipeline.flags = {"--batch-bytes", "65536", "--logical-decoding-work-mem", "64kB", "--two-phase"};
    make_source(db_);
  }
  void SetUp() override {
    const bool is_lake = GetParam().to == CopiedTo::lake || GetParam().to == CopiedTo::lake_in_database;
    if (is_lake && !has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
  }

  // Starts runs with the fault until one ends without being killed. After each death the slot must not be past the
  // checkpoint.
  void run_under_fault(const std::string& fault) {
    for (int start = 0; start < starts_at_most; ++start) {
      const auto result = db_.pipeline.run({}, {{"WALBROOK_FAULT", fault}});
      EXPECT_EQ(db_.slot_past_checkpoint(), "") << result.describe();
      if (result.killed()) {
        points_hit().insert(GetParam().point);
        if (start >= 1) return;  // two deaths at the same point are enough
        continue;
      }
      EXPECT_EQ(result.exit_code, 0) << result.describe();
      return;
    }
  }

  void run_to_the_end() {
    const auto result = db_.pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db_.differences(), "") << result.describe();
    EXPECT_EQ(db_.slot_past_checkpoint(), "") << result.describe();
  }

  ReplicatedDatabase db_;
};

TEST_P(Kill, p2_exactly_once) {
  run_under_fault(GetParam().point);  // in the initial copy
  run_to_the_end();
  change_source(db_);
  run_under_fault(GetParam().point);  // in the stream
  run_under_fault(GetParam().point + ":2");
  run_to_the_end();
  change_source(db_);
  db_.exec(
      "CREATE TABLE joined AS SELECT g AS a FROM generate_series(1, 2000) g; ALTER TABLE joined REPLICA IDENTITY FULL; "
      "ALTER PUBLICATION walbrook ADD TABLE joined");
  run_under_fault(GetParam().point);  // while a table is copied beside the stream
  run_to_the_end();
  EXPECT_EQ(db_.copied_value("SELECT count(*) FROM public.joined"), "2000");
  EXPECT_TRUE(points_hit().contains(GetParam().point)) << "no run came to " << GetParam().point;
}

std::vector<Killing> all_points(CopiedTo to) {
  std::vector<Killing> all;
  for (const auto point : fault::points) all.push_back({.point = std::string(point), .to = to});
  if (to != CopiedTo::files) return all;
  for (const auto* point : {"before_manifest", "after_manifest"}) all.push_back({.point = point, .to = to});
  return all;
}
INSTANTIATE_TEST_SUITE_P(At, Kill, ::testing::ValuesIn(all_points(CopiedTo::file)), name_of);
INSTANTIATE_TEST_SUITE_P(Server, Kill, ::testing::ValuesIn(all_points(CopiedTo::database)), name_of);
INSTANTIATE_TEST_SUITE_P(Files, Kill, ::testing::ValuesIn(all_points(CopiedTo::files)), name_of);
// A start into a lake takes seconds: a test run has the points at which a lake differs most, `--all` has all of them.
INSTANTIATE_TEST_SUITE_P(Lake, Kill,
                         ::testing::Values(Killing{"before_commit", CopiedTo::lake},
                                           Killing{"before_swap_in", CopiedTo::lake_in_database},
                                           Killing{"before_commit", CopiedTo::lake_in_database},
                                           Killing{"after_commit", CopiedTo::lake_in_database}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(LongLake, Kill, ::testing::ValuesIn(all_points(CopiedTo::lake_in_database)), name_of);

// A first run killed as soon as its publication exists: `drop` and `--reset` recognize the publication as walbrook's.
TEST(KilledAfterThePublication, p6_drop_and_reset_leave_nothing_in_the_source) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE item(id int PRIMARY KEY); INSERT INTO item VALUES (1)");
  const auto publications = [&db] { return db.value("SELECT count(*) FROM pg_publication"); };
  const auto killed = [&db] { return db.pipeline.run({}, {{"WALBROOK_FAULT", "publication_made"}}).killed(); };
  ASSERT_TRUE(killed());
  ASSERT_EQ(publications(), "1");
  const auto dropped = run(db.pipeline.command("pipeline", {db.pipeline.slot, "drop", "--yes"}));
  EXPECT_EQ(dropped.exit_code, 0) << dropped.describe();
  EXPECT_EQ(publications(), "0") << dropped.describe();
  ASSERT_TRUE(killed());
  db.exec("CREATE TABLE later(id int PRIMARY KEY)");  // a publication that is created again has it from the
                                                      // start; an old one would not
  const auto reset = db.pipeline.run({"--reset"});
  EXPECT_EQ(reset.exit_code, 0) << reset.describe();
  EXPECT_NE(reset.err.find("created for 2 tables"), std::string::npos) << reset.describe();
  EXPECT_EQ(db.differences(), "");
}

class DestinationError : public Kill {};

TEST_P(DestinationError, p2_a_failing_load_is_tried_again) {
  run_to_the_end();
  change_source(db_);
  const auto result = db_.pipeline.run({}, {{"WALBROOK_FAULT", GetParam().point + "!error:3"}});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("injected failure"), std::string::npos) << "it did not fail\n" << result.describe();
  EXPECT_EQ(db_.differences(), "") << result.describe();
}

TEST_P(DestinationError, p3_when_retries_end_nothing_is_lost) {
  run_to_the_end();
  change_source(db_);
  const auto before = db_.value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = " +
                                quote_literal(db_.pipeline.slot));
  const auto result = db_.pipeline.run({"--retries", "2"}, {{"WALBROOK_FAULT", GetParam().point + "!error:1000"}});
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("injected failure"), std::string::npos) << result.describe();
  EXPECT_EQ(db_.slot_past_checkpoint(), "");
  run_to_the_end();
}

INSTANTIATE_TEST_SUITE_P(At, DestinationError,
                         ::testing::Values(Killing{"before_merge"}, Killing{"before_commit"},
                                           Killing{"before_commit", CopiedTo::database},
                                           Killing{"before_commit", CopiedTo::files},
                                           Killing{"before_commit", CopiedTo::lake_in_database}),
                         name_of);

}  // namespace
}  // namespace walbrook::test
