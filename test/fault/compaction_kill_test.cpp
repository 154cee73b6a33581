// Kills a compaction of files at each of its steps (fault::file_points). Readers see the same rows before and after,
// and another attempt completes it.
#include <gtest/gtest.h>

#include <set>

#include "base/fault.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

class CompactionKill : public ::testing::TestWithParam<std::string_view> {
 protected:
  CompactionKill() : db_(PostgresServer::shared(), CopiedTo::files) {
    db_.exec(
        "CREATE TABLE item(id int PRIMARY KEY, n int, body text); CREATE TABLE bag(a int, b text); "
        "ALTER TABLE bag REPLICA IDENTITY FULL; "
        "INSERT INTO item SELECT g, 0, (SELECT string_agg(md5((g * h)::text), '') FROM generate_series(1, 200) h) "
        "FROM generate_series(1, 300) g; INSERT INTO bag SELECT g % 5, 'equal' FROM generate_series(1, 50) g");
    run_to_the_end();
    change_source();
    run_to_the_end();
  }

  // Large values that do not change are not sent.
  void change_source() const {
    db_.exec(
        "UPDATE item SET n = n + 1 WHERE id % 2 = 0; UPDATE item SET id = id + 10000 WHERE id % 7 = 0; "
        "DELETE FROM item WHERE id % 5 = 0; INSERT INTO bag VALUES (1, 'again'); "
        "DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag WHERE a = 1 LIMIT 3)");
  }
  void run_to_the_end() const {
    const auto result = db_.pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db_.differences(), "") << result.describe();
  }
  [[nodiscard]] ProcessResult compact(const Environment& env = {}) const {
    return run(db_.pipeline.command("compact", {}, env));
  }
  [[nodiscard]] std::string checkpoint() const { return db_.copied_value("SELECT lsn FROM _walbrook.checkpoint"); }
  // Files of rows, by their paths.
  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(db_.comparison.lake / "public")) {
      if (entry.is_regular_file()) found.insert(entry.path().string());
    }
    return found;
  }

  ReplicatedDatabase db_;
};

TEST_P(CompactionKill, p2_nothing_is_lost_and_another_attempt_completes_it) {
  const auto before = checkpoint();
  const auto former = files();
  const auto killed = compact({{"WALBROOK_FAULT", std::string(GetParam())}});
  ASSERT_TRUE(killed.killed()) << killed.describe();
  EXPECT_EQ(db_.differences(), "") << "as views.sql shows it";
  EXPECT_EQ(checkpoint(), before);
  const auto left = files();
  for (const auto& file : former) EXPECT_TRUE(left.contains(file)) << file << " is read by former views";

  const auto result = compact();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db_.differences(), "") << result.describe();
  EXPECT_EQ(files().size(), former.size() + 2) << "each table has one new file, and no attempt left another one";
  EXPECT_EQ(checkpoint(), before);
  change_source();
  run_to_the_end();
}

TEST_P(CompactionKill, p2_a_run_after_it_continues) {
  ASSERT_TRUE(compact({{"WALBROOK_FAULT", std::string(GetParam())}}).killed());
  change_source();
  run_to_the_end();
  EXPECT_EQ(db_.slot_past_checkpoint(), "");
}

TEST_P(CompactionKill, an_error_there_leaves_the_rows_as_they_were) {
  const auto failed = compact({{"WALBROOK_FAULT", std::string(GetParam()) + "!error"}});
  EXPECT_EQ(failed.exit_code, 4) << failed.describe();
  EXPECT_EQ(db_.differences(), "") << failed.describe();
  EXPECT_EQ(compact().exit_code, 0);
  change_source();
  run_to_the_end();
}

INSTANTIATE_TEST_SUITE_P(At, CompactionKill, ::testing::ValuesIn(fault::file_points),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace walbrook::test
