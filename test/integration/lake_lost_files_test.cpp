// Files that the catalog of a lake names and that are gone: the tables are copied again, the others are not.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

class LakeLostFiles : public ::testing::TestWithParam<CopiedTo> {
 protected:
  LakeLostFiles() : db_(PostgresServer::shared(), GetParam()) {}
  void SetUp() override {
    if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
    db_.exec(
        "CREATE TABLE lost(id int PRIMARY KEY, n int); CREATE TABLE kept(id int PRIMARY KEY, n int); "
        "INSERT INTO lost SELECT g, g FROM generate_series(1, 3000) g; INSERT INTO kept SELECT * FROM lost");
    const auto result = db_.pipeline.run();
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
  // Removes what the catalog names of the table, and returns how many files that were.
  [[nodiscard]] int remove_files(const std::string& table) const {
    int removed = 0;
    for (const auto& row : open_copy(db_.comparison)
                               ->query("SELECT data_file FROM ducklake_list_files('lake', " + quote_literal(table) +
                                       ", schema => 'public')")) {
      removed += fs::remove(*row[0]) ? 1 : 0;
    }
    return removed;
  }

  ReplicatedDatabase db_;
};

TEST_P(LakeLostFiles, their_tables_are_copied_again) {
  EXPECT_GE(remove_files("lost"), 1);
  const auto asked = run(db_.pipeline.command("sql", {"SELECT max(n) FROM lost"}));
  EXPECT_EQ(asked.exit_code, 4) << "no other query would avoid it\n" << asked.describe();
  EXPECT_NE(asked.err.find("a query failed: IO Error: Cannot open file"), std::string::npos) << asked.describe();
  const auto checked = run(db_.pipeline.command("check"));
  EXPECT_NE(checked.out.find("a file of target table public.lost is missing"), std::string::npos) << checked.describe();
  db_.exec("UPDATE lost SET n = n + 1 WHERE id < 10; UPDATE kept SET n = n + 1 WHERE id < 10");
  const auto result = db_.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("a file of target table public.lost is missing"), std::string::npos) << result.describe();
  EXPECT_EQ(result.err.find("copied public.kept"), std::string::npos) << result.describe();
  EXPECT_EQ(db_.differences(), "") << result.describe();
}

INSTANTIATE_TEST_SUITE_P(Catalogs, LakeLostFiles, ::testing::Values(CopiedTo::lake, CopiedTo::lake_in_database),
                         [](const auto& tested) {
                           return std::string(tested.param == CopiedTo::lake ? "file" : "postgresql");
                         });

}  // namespace
}  // namespace walbrook::test
