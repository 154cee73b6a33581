// A lake whose catalog is a DuckDB file: one process at a time has it open.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

class LakeInFile : public ::testing::Test {
 protected:
  LakeInFile() : db_(PostgresServer::shared(), CopiedTo::lake) {}
  void SetUp() override {
    if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
    db_.exec("CREATE TABLE t(id int PRIMARY KEY, n int); INSERT INTO t SELECT g, g FROM generate_series(1, 100) g");
  }
  static void expect_end(Process& follower) {
    follower.signal(SIGTERM);
    EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  }

  ReplicatedDatabase db_;
};

TEST_F(LakeInFile, a_run_answers_queries_and_tells_its_status) {
  Process follower(db_.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(db_.pipeline.arrives("SELECT sum(n) FROM t", "5050")) << follower.err();
  const auto status = db_.pipeline.status();
  EXPECT_EQ(status.value("phase", ""), "streaming") << status.dump();
  ASSERT_EQ(status.at("tables").size(), 1U) << status.dump();
  EXPECT_EQ(status.at("tables")[0].value("state", ""), "streaming") << status.dump();
  expect_end(follower);
  EXPECT_EQ(db_.differences(), "");
  EXPECT_EQ(db_.pipeline.status().value("phase", ""), "stopped");
}

TEST_F(LakeInFile, a_query_may_ask_for_files_and_snapshots_and_changes_nothing) {
  const auto copied = db_.pipeline.run({"--inline-rows", "0"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  const auto asked = run(db_.pipeline.command(
      "sql", {"--csv",
              "SELECT (SELECT count(*) FROM ducklake_list_files('lake', 't', schema => 'public')) AS files, (SELECT "
              "count(*) > 0 FROM ducklake_snapshots('lake') WHERE author = 'walbrook') AS has_loads, (SELECT "
              "sum(file_count) FROM ducklake_table_info('lake') WHERE table_name = 't') AS files_by_info"}));
  EXPECT_EQ(asked.exit_code, 0) << asked.describe();
  EXPECT_EQ(asked.out, "files,has_loads,files_by_info\n1,true,1\n") << asked.describe();
  for (const auto* const name :
       {"add_data_files('lake', 't', 'x.parquet')", "cleanup_old_files('lake', cleanup_all => true)",
        "delete_orphaned_files('lake', cleanup_all => true)", "expire_snapshots('lake', older_than => now())",
        "flush_inlined_data('lake')", "merge_adjacent_files('lake')", "rewrite_data_files('lake')",
        "set_option('lake', 'data_inlining_row_limit', 0)", "set_commit_message('lake', 'a', 'b')"}) {
    const auto refused = run(db_.pipeline.command("sql", {std::string("FROM ducklake_") + name}));
    EXPECT_EQ(refused.exit_code, 2) << refused.describe();
    EXPECT_NE(refused.err.find("is refused: it is not among the functions that are known to read only this file"),
              std::string::npos)
        << refused.describe();
  }
}

TEST_F(LakeInFile, another_process_is_told_who_has_it) {
  Process follower(db_.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(db_.pipeline.arrives("SELECT count(*) FROM t", "100")) << follower.err();
  auto second = db_.pipeline;
  second.slot = second.publication = "second_" + db_.name();
  const auto refused = second.run({"--table", "t", "--dataset", "other"});
  EXPECT_EQ(refused.exit_code, 4) << refused.describe();
  EXPECT_NE(refused.err.find("ducklake:shop.ducklake is open in another process"), std::string::npos)
      << refused.describe();
  EXPECT_NE(refused.err.find("put the catalog into PostgreSQL"), std::string::npos) << refused.describe();
  const auto old = run(db_.pipeline.command("sql", {"--at", "0/1", "SELECT 1"}));
  EXPECT_EQ(old.exit_code, 4) << old.describe();
  EXPECT_NE(old.err.find("is open in another process"), std::string::npos) << old.describe();

  Process waiting(second.command("run", {"--follow", "--table", "t", "--dataset", "other"}));
  EXPECT_TRUE(tells(waiting, "waiting until it is free")) << waiting.err();
  expect_end(follower);
  EXPECT_TRUE(second.arrives("SELECT count(*) FROM other.t", "100")) << waiting.err();
  expect_end(waiting);
}

// DuckLake itself creates folders in the data path only.
TEST_F(LakeInFile, without_a_data_path_has_its_files_beside_its_catalog) {
  db_.pipeline.server = db_.comparison.ducklake;
  const auto first = db_.pipeline.run({"--inline-rows", "0"});
  EXPECT_EQ(first.exit_code, 0) << first.describe();
  EXPECT_EQ(db_.differences(), "");
  EXPECT_TRUE(fs::is_directory(db_.folder() / "shop.ducklake.files/public")) << "there the rows are";
  db_.exec("UPDATE t SET n = n + 1 WHERE id > 50; DELETE FROM t WHERE id < 10");
  const auto next = db_.pipeline.run({"--inline-rows", "0"});
  EXPECT_EQ(next.exit_code, 0) << next.describe();
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(LakeInFile, a_wrong_place_is_refused_before_anything_is_created) {
  const auto expect_refused = [this](const std::string& url, int exit_code, const std::string& why) {
    db_.pipeline.server = url;
    const auto refused = db_.pipeline.run();
    EXPECT_EQ(refused.exit_code, exit_code) << refused.describe();
    EXPECT_NE(refused.err.find(why), std::string::npos) << refused.describe();
  };
  const auto missing = (db_.folder() / "missing").string();
  expect_refused("ducklake:" + missing + "/shop.ducklake?data_path=" + (db_.folder() / "lake").string(), 4,
                 "the folder " + missing + " does not exist");
  expect_refused(db_.comparison.ducklake + "?data_path=" + missing + "/lake", 4,
                 "the folder " + missing + " does not exist");
  EXPECT_FALSE(fs::exists(db_.folder() / "shop.ducklake")) << "it would keep the wrong data path";
  EXPECT_FALSE(fs::exists(db_.folder() / "lake"));
  expect_refused("ducklake:sqlite:" + (db_.folder() / "shop.sqlite").string(), 2,
                 "is a new lake, and has no data path yet");
}

}  // namespace
}  // namespace walbrook::test
