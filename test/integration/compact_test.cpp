// walbrook compact: the current state takes the place of the changes in files.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class Compact : public ::testing::TestWithParam<std::string> {
 protected:
  Compact() : db_(PostgresServer::shared(), CopiedTo::files) { db_.pipeline.server += "?" + GetParam(); }

  void run_to_the_end() const {
    const auto result = db_.pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db_.differences(), "") << result.describe();
  }
  [[nodiscard]] ProcessResult compact(const std::vector<std::string>& flags = {}) const {
    return run(db_.pipeline.command("compact", flags));
  }

  ReplicatedDatabase db_;
};

TEST_P(Compact, p1_readers_see_the_source_before_and_after_and_changes_apply) {
  db_.exec(
      "CREATE TABLE item(id int PRIMARY KEY, n numeric, at timestamptz, tags text[], body text); "
      "INSERT INTO item SELECT g, g / 3.0, '2026-01-01'::timestamptz + g * interval '1 s', ARRAY['a', NULL, g::text], "
      "(SELECT string_agg(md5((g * h)::text), '') FROM generate_series(1, 200) h) FROM generate_series(1, 200) g; "
      "CREATE TABLE bag(a int, b float8, c interval); ALTER TABLE bag REPLICA IDENTITY FULL; "
      "INSERT INTO bag SELECT g % 3, '-0', '1 mon' FROM generate_series(1, 20) g; "
      "CREATE TABLE emptied(id int PRIMARY KEY); INSERT INTO emptied SELECT generate_series(1, 10)");
  run_to_the_end();
  for (int round = 0; round < 3; ++round) {
    db_.exec(
        "UPDATE item SET n = n + 1 WHERE id % 3 = 0; UPDATE item SET id = id + 1000 WHERE id % 7 = 0; "
        "DELETE FROM item WHERE id % 11 = 0; INSERT INTO bag VALUES (1, '0', '30 days'); "
        "DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag WHERE a = 1 LIMIT 2); DELETE FROM emptied");
    run_to_the_end();
    if (round == 1) db_.exec("ALTER TABLE item ADD COLUMN later int DEFAULT 7");
    const auto result = compact();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    if (round != 1) {
      EXPECT_EQ(db_.differences(), "") << result.describe();
    }
  }
  db_.exec("TRUNCATE bag; INSERT INTO bag VALUES (9, 'NaN', '1 day'); UPDATE item SET later = 8 WHERE id % 2 = 0");
  run_to_the_end();
  EXPECT_EQ(compact().exit_code, 0);
  EXPECT_EQ(db_.differences(), "");
  EXPECT_EQ(compact().out.find("no table in "), 0U);
}

INSTANTIATE_TEST_SUITE_P(In, Compact,
                         ::testing::Values("format=parquet", "format=csv", "format=jsonl",
                                           "format=parquet&layout=date"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::ranges::replace_if(
                               name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

TEST(CompactCommand, reports_what_it_did) {
  const ReplicatedDatabase db(PostgresServer::shared(), CopiedTo::files);
  db.exec("CREATE TABLE item(id int PRIMARY KEY, n int); INSERT INTO item SELECT g, 0 FROM generate_series(1, 1500) g");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  for (int i = 0; i < 2; ++i) {
    db.exec("UPDATE item SET n = n + 1");
    ASSERT_EQ(db.pipeline.run().exit_code, 0);
  }
  auto text = run(db.pipeline.command("compact"));
  EXPECT_EQ(text.exit_code, 0) << text.describe();
  EXPECT_EQ(text.out, "public.item: 1,500 rows in 1 file instead of 3\n");
  db.exec("DELETE FROM item WHERE id > 2");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const auto json = nlohmann::json::parse(run(db.pipeline.command("compact", {"--json"})).out);
  EXPECT_EQ(json.at("pipeline"), db.pipeline.slot);
  EXPECT_EQ(json.at("tables"),
            nlohmann::json::parse(R"([{"table": "public.item", "rows": 2, "files": 1, "former_files": 2}])"));
}

TEST(CompactCommand, is_refused_where_rows_change_in_place) {
  for (const auto to : {CopiedTo::file, CopiedTo::database}) {
    const ReplicatedDatabase db(PostgresServer::shared(), to);
    const auto result = run(db.pipeline.command("compact"));
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_NE(result.err.find("has nothing to compact: changes are applied to its rows"), std::string::npos)
        << result.describe();
    EXPECT_FALSE(std::filesystem::exists(db.pipeline.file)) << "a file was made for nothing";
  }
}

TEST(CompactCommand, is_refused_where_there_is_no_such_pipeline) {
  const ReplicatedDatabase db(PostgresServer::shared(), CopiedTo::files);
  const auto result = run(db.pipeline.command("compact"));
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_FALSE(std::filesystem::exists(db.comparison.lake)) << "a folder was made for nothing";
}

TEST(CompactCommand, is_refused_while_a_run_is_at_work) {
  const ReplicatedDatabase db(PostgresServer::shared(), CopiedTo::files);
  db.exec("CREATE TABLE item(id int PRIMARY KEY); INSERT INTO item VALUES (1)");
  Process following(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "1"));
  const auto result = run(db.pipeline.command("compact"));
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("nothing is compacted: a run of pipeline " + db.pipeline.slot), std::string::npos)
      << result.describe();
  following.signal(SIGTERM);
  EXPECT_EQ(following.wait(milliseconds(30'000)).exit_code, 0);
  EXPECT_EQ(run(db.pipeline.command("compact")).exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
