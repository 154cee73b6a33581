// Maintenance of a lake: small files are merged, rows leave the catalog, and nobody sees other rows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr const char* files_query =
    "(SELECT count(*) + count(delete_file) FROM ducklake_list_files('lake', 't', schema => 'public'))";

class LakeCompact : public ::testing::TestWithParam<CopiedTo> {
 protected:
  LakeCompact() : db_(PostgresServer::shared(), GetParam()) {}
  void SetUp() override {
    if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
    db_.exec(
        "CREATE TABLE t(id int PRIMARY KEY, n int, tags text[]); INSERT INTO t SELECT g, 0 FROM generate_series(1, 50) "
        "g");
  }
  void run_to_the_end(const std::vector<std::string>& flags) const {
    const auto result = db_.pipeline.run(flags);
    ASSERT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db_.differences(), "") << result.describe();
  }
  // Files of the present snapshot.
  [[nodiscard]] int files() const { return std::stoi(db_.copied_value(fmt::format("SELECT {}", files_query))); }
  void change(int number) const {
    db_.exec(fmt::format(
        "INSERT INTO t VALUES ({0}, {0}, ARRAY['a', NULL]); UPDATE t SET n = n + 1 WHERE id % 5 = {0} % 5; DELETE FROM "
        "t WHERE id = {0} - 99",
        100 + number));
  }

  void make_small_files() const {
    for (int load = 0; load < 4; ++load) {
      run_to_the_end(in_files);
      change(load);
    }
    run_to_the_end(in_files);
  }

  // Runs statements on the catalog, as if something had happened before.
  void in_catalog(const std::string& sql) const {
    DuckReader reader(":memory:", DuckReader::Access::read_write);
    attach_lake(reader, db_.comparison.ducklake, "DATA_INLINING_ROW_LIMIT 1000");
    reader.exec(sql);
  }
  [[nodiscard]] std::string state_schema() const { return "_walbrook_" + db_.pipeline.slot; }
  // Returns DuckLake's table for the rows of the checkpoint.
  [[nodiscard]] std::string rows_of_checkpoint() const {
    return db_.copied_value(fmt::format(
        "SELECT i.table_name FROM __ducklake_metadata_lake.ducklake_inlined_data_tables i JOIN "
        "__ducklake_metadata_lake.ducklake_table t USING (table_id) JOIN "
        "__ducklake_metadata_lake.ducklake_schema s USING (schema_id) WHERE t.table_name = 'checkpoint' AND "
        "t.end_snapshot IS NULL AND s.schema_name = '{}'",
        state_schema()));
  }
  [[nodiscard]] std::string maintenances() const {
    return db_.copied_value(fmt::format(
        "SELECT count(*) FROM ducklake_snapshots('lake') WHERE commit_message = '{} maintained'", db_.pipeline.slot));
  }
  // As many earlier checkpoints as hours of loads leave.
  void add_outdated_checkpoints() const {
    const auto rows = "__ducklake_metadata_lake." + rows_of_checkpoint();
    in_catalog(
        fmt::format("INSERT INTO {0} SELECT c.* REPLACE (1 AS begin_snapshot, 1 AS end_snapshot) FROM (FROM {0} "
                    "LIMIT 1) c, range(3000)",
                    rows));
  }
  [[nodiscard]] std::string files_of_state() const {
    return db_.copied_value(
        fmt::format("SELECT count(*) FROM __ducklake_metadata_lake.ducklake_data_file JOIN "
                    "__ducklake_metadata_lake.ducklake_table t USING (table_id) JOIN "
                    "__ducklake_metadata_lake.ducklake_schema s USING (schema_id) WHERE s.schema_name = '{}'",
                    state_schema()));
  }

  const std::vector<std::string> in_files{"--inline-rows", "0"};
  ReplicatedDatabase db_;
};

TEST_P(LakeCompact, many_small_files_become_few_and_changes_apply) {
  make_small_files();
  const int before = files();
  EXPECT_GE(before, 5);
  const auto result = run(db_.pipeline.command("compact"));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("public.t: "), std::string::npos) << result.describe();
  EXPECT_LT(files(), before) << result.describe();
  EXPECT_EQ(db_.differences(), "");
  change(10);
  run_to_the_end(in_files);
}

TEST_P(LakeCompact, rows_in_the_catalog_go_to_files) {
  for (int load = 0; load < 3; ++load) {
    run_to_the_end({});
    change(load);
  }
  run_to_the_end({});
  const auto result = run(db_.pipeline.command("compact"));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_GE(files(), 1);
  EXPECT_EQ(db_.differences(), "");
  change(10);
  run_to_the_end({});
}

TEST_P(LakeCompact, a_run_maintains_at_its_end_if_the_last_maintenance_was_long_ago) {
  make_small_files();
  const int before = files();
  EXPECT_GE(before, 5);
  EXPECT_EQ(maintenances(), "0") << "the lake is younger than the interval";
  in_catalog("UPDATE __ducklake_metadata_lake.ducklake_snapshot SET snapshot_time = snapshot_time - INTERVAL 1 HOUR");
  change(4);
  run_to_the_end(in_files);
  EXPECT_LT(files(), before);
  EXPECT_EQ(maintenances(), "1");
  change(5);
  run_to_the_end(in_files);
  EXPECT_EQ(maintenances(), "1") << "the last maintenance was just now";
}

// DuckLake removes the files of a commit whose answer is lost, and lost files of the state could not be written again.
TEST_P(LakeCompact, the_state_stays_in_the_catalog_without_outdated_rows) {
  db_.exec("CREATE TABLE u(id int PRIMARY KEY); CREATE TABLE v(id int PRIMARY KEY)");
  run_to_the_end(in_files);
  EXPECT_EQ(files_of_state(), "0");
  add_outdated_checkpoints();
  const auto rows = rows_of_checkpoint();
  const auto result = run(db_.pipeline.command("compact"));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(files_of_state(), "0");
  EXPECT_NE(rows_of_checkpoint(), rows);
  change(0);
  run_to_the_end({});
}

// Beside a run, only a catalog in a database can be read.
class LakeMaintenance : public LakeCompact {};

TEST_P(LakeMaintenance, an_idle_run_merges_files_by_itself) {
  make_small_files();
  const int before = files();
  Process follower(db_.pipeline.command("run", {"--follow", "--maintenance-interval", "1", "--inline-rows", "0"}));
  change(10);
  EXPECT_TRUE(db_.pipeline.arrives("SELECT count(*) FROM t WHERE id = 110", "1")) << follower.err();
  EXPECT_TRUE(eventually([&] { return files() < before; }, milliseconds(30'000))) << follower.err();
  change(11);
  EXPECT_TRUE(db_.pipeline.arrives("SELECT count(*) FROM t WHERE id = 111", "1")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db_.differences(), "");
}

TEST_P(LakeMaintenance, a_run_goes_on_after_its_state_was_rewritten) {
  run_to_the_end({});
  add_outdated_checkpoints();
  const auto rows = rows_of_checkpoint();
  Process follower(db_.pipeline.command("run", {"--follow", "--maintenance-interval", "1"}));
  change(0);
  EXPECT_TRUE(eventually([&] { return rows_of_checkpoint() != rows; }, milliseconds(30'000))) << follower.err();
  change(1);
  EXPECT_TRUE(db_.pipeline.arrives("SELECT count(*) FROM t WHERE id = 101", "1")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db_.differences(), "");
  EXPECT_EQ(db_.slot_past_checkpoint(), "");
}

INSTANTIATE_TEST_SUITE_P(With, LakeMaintenance, ::testing::Values(CopiedTo::lake_in_database),
                         [](const auto& /*tested*/) { return std::string("postgresql"); });

INSTANTIATE_TEST_SUITE_P(With, LakeCompact, ::testing::Values(CopiedTo::lake, CopiedTo::lake_in_database),
                         [](const auto& tested) {
                           return std::string(tested.param == CopiedTo::lake ? "file" : "postgresql");
                         });

}  // namespace
}  // namespace walbrook::test
