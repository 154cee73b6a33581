// walbrook sql --at: a lake as it was at an LSN, with each kind of catalog.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class LakeTimeTravel : public ::testing::TestWithParam<std::string> {
 protected:
  LakeTimeTravel()
      : db_(PostgresServer::shared(), GetParam() == "postgresql" ? CopiedTo::lake_in_database : CopiedTo::lake) {
    if (GetParam() != "sqlite") return;
    db_.comparison.ducklake = "ducklake:sqlite:" + (db_.folder() / "shop.sqlite").string();
    db_.pipeline.server = db_.comparison.ducklake + "?data_path=" + (db_.folder() / "lake").string();
  }
  void SetUp() override {
    if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
  }
  // Loads everything that the source has committed, and returns the checkpoint.
  [[nodiscard]] std::string load(const std::vector<std::string>& flags = {}) const {
    const auto result = db_.pipeline.run(flags);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return db_.copied_value("SELECT lsn FROM _walbrook.checkpoint");
  }
  [[nodiscard]] ProcessResult ask(const std::string& lsn, const std::string& sql) const {
    return run(db_.pipeline.command("sql", {"--at", lsn, "--csv", sql}));
  }
  // Returns the rows of the answer, without the names of its columns.
  [[nodiscard]] std::string answer(const std::string& lsn, const std::string& sql) const {
    const auto result = ask(lsn, sql);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    const auto first = result.out.find('\n');
    return first == std::string::npos ? "" : result.out.substr(first + 1);
  }

  ReplicatedDatabase db_;
};

const std::vector<std::string> asked_at_each_lsn = {
    "SELECT count(*), sum(n) FROM t",
    "SELECT id, n FROM t ORDER BY id",
    "SELECT n FROM t WHERE id = 1",
    "SELECT id FROM t WHERE id < 5 ORDER BY ALL",
    "SELECT id, count(*), sum(n) FROM t GROUP BY id ORDER BY id",
    "SELECT min(id), max(id) FROM t",
    "SELECT one.id FROM t AS one JOIN t AS other USING (id) WHERE one.id < 12 ORDER BY ALL",
};

// One statement with all questions, because each command opens the lake again: "NUMBER,ROW;ROW…" for each question.
std::string all_questions() {
  std::string sql;
  for (std::size_t i = 0; i < asked_at_each_lsn.size(); ++i) {
    sql += fmt::format("{}SELECT {}, array_to_string(list_sort(list(concat_ws('|', *COLUMNS(*)))), ';') FROM ({})",
                       i == 0 ? "" : " UNION ALL ", i, asked_at_each_lsn[i]);
  }
  return sql + " ORDER BY 1";
}

// Returns what all_questions must return, from the source.
std::string answers_of(const std::string& conninfo) {
  std::string text;
  for (std::size_t i = 0; i < asked_at_each_lsn.size(); ++i) {
    auto sql = asked_at_each_lsn[i];
    if (const auto at = sql.find("ORDER BY ALL"); at != std::string::npos) sql.replace(at, 12, "ORDER BY 1");
    std::vector<std::string> rows;
    for (const auto& row : Sql(conninfo).query(sql)) {
      std::string joined;
      for (std::size_t c = 0; c < row.size(); ++c) joined += (c > 0 ? "|" : "") + row[c].value_or("");
      rows.push_back(std::move(joined));
    }
    std::ranges::sort(rows);
    text += fmt::format("{},{}\n", i, fmt::join(rows, ";"));
  }
  return text;
}

TEST_P(LakeTimeTravel, each_load_can_be_read_again_before_and_after_maintenance) {
  struct Old {
    std::string lsn;
    std::string answers;  // of the source at that time
  };
  std::vector<Old> loads;
  const auto load_more = [&](const std::string& changes, const std::vector<std::string>& flags) {
    db_.exec(changes);
    auto lsn = load(flags);
    loads.push_back({.lsn = std::move(lsn), .answers = answers_of(db_.conninfo())});
  };
  const auto expect_all = [&](const std::string& when) {
    for (const auto& old : loads)
      EXPECT_EQ(answer(old.lsn, all_questions()), old.answers) << when << ", at " << old.lsn;
  };
  const std::vector<std::string> in_catalog;
  const std::vector<std::string> in_files = {"--inline-rows", "0"};
  load_more("CREATE TABLE t(id int PRIMARY KEY, n int); INSERT INTO t SELECT g, g FROM generate_series(1, 10) g",
            in_files);
  load_more("UPDATE t SET n = n + 100 WHERE id > 5; INSERT INTO t SELECT g, 1 FROM generate_series(11, 14) g",
            in_files);
  load_more("DELETE FROM t WHERE id <= 2", in_files);
  load_more("INSERT INTO t VALUES (1000, -5)", in_catalog);
  load_more("DELETE FROM t WHERE id BETWEEN 3 AND 12 OR id = 1000", in_catalog);
  expect_all("before");
  for (int time = 0; time < 2; ++time) {
    const auto compacted = run(db_.pipeline.command("compact"));
    EXPECT_EQ(compacted.exit_code, 0) << compacted.describe();
    expect_all("after walbrook compact");
    load_more(fmt::format("INSERT INTO t VALUES ({0}, 7); UPDATE t SET id = id + 10000 WHERE id = {0}", 500 + time),
              in_catalog);
  }
  expect_all("at the end");
  EXPECT_EQ(db_.differences(), "");
}

TEST_P(LakeTimeTravel, an_lsn_before_the_first_load_has_no_snapshot) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY, n int)");
  static_cast<void>(load());
  const auto result = ask("0/1", "SELECT count(*) FROM t");
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("holds no snapshot of pipeline " + db_.pipeline.slot + " at 0/1"), std::string::npos)
      << result.describe();
  EXPECT_NE(result.err.find("The first one that is left is at "), std::string::npos) << result.describe();
}

// Beside a run, a catalog in a DuckDB file cannot be read.
class LakeGivenUpSnapshots : public LakeTimeTravel {};

TEST_P(LakeGivenUpSnapshots, are_an_error) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1)");
  const auto old = load();
  EXPECT_EQ(answer(old, "SELECT sum(n) FROM t"), "1\n");
  Process follower(db_.pipeline.command("run", {"--follow", "--keep-snapshots", "0", "--maintenance-interval", "1"}));
  db_.exec("UPDATE t SET n = 2");
  EXPECT_TRUE(db_.pipeline.arrives("SELECT sum(n) FROM t", "2")) << follower.err();
  EXPECT_TRUE(eventually([&] { return !ask(old, "SELECT sum(n) FROM t").succeeded(); }, milliseconds(30'000)))
      << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  const auto result = ask(old, "SELECT sum(n) FROM t");
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  // With a snapshot of a later position, or with none.
  const bool is_named =
      result.err.find("holds no snapshot of pipeline " + db_.pipeline.slot) != std::string::npos ||
      result.err.find("holds no snapshot of a load of pipeline " + db_.pipeline.slot) != std::string::npos;
  EXPECT_TRUE(is_named) << result.describe();
  EXPECT_EQ(db_.differences(), "");
}

INSTANTIATE_TEST_SUITE_P(In, LakeGivenUpSnapshots, ::testing::Values("sqlite", "postgresql"),
                         [](const auto& tested) { return tested.param; });

INSTANTIATE_TEST_SUITE_P(In, LakeTimeTravel, ::testing::Values("file", "sqlite", "postgresql"),
                         [](const auto& tested) { return tested.param; });

TEST(LakeTimeTravelFlags, at_is_refused_where_there_are_no_snapshots) {
  for (const auto to : {CopiedTo::file, CopiedTo::files, CopiedTo::database}) {
    const ReplicatedDatabase db(PostgresServer::shared(), to);
    const auto result = run(db.pipeline.command("sql", {"--at", "0/1", "SELECT 1"}));
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_NE(result.err.find("--at, and the destination keeps no snapshots"), std::string::npos) << result.describe();
    EXPECT_NE(result.err.find("Only a lake (ducklake:) can be read as it was."), std::string::npos)
        << result.describe();
  }
}

TEST(LakeTimeTravelFlags, at_takes_an_lsn) {
  if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
  const ReplicatedDatabase db(PostgresServer::shared(), CopiedTo::lake);
  const auto result = run(db.pipeline.command("sql", {"--at", "yesterday", "SELECT 1"}));
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("--at"), std::string::npos) << result.describe();
}

}  // namespace
}  // namespace walbrook::test
