// What `walbrook sql` could do to the run that answers it, and to the file.
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// A log enabled to write to a file made every later statement of the run fail, and the next load crash.
TEST(SqlAttack, a_query_does_not_harm_the_run_that_answers_it) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)");
  Process follower(db.pipeline.command("run", {"--follow"}));
  const auto rows = [&] { return run(db.pipeline.command("sql", {"--csv", "SELECT count(*) AS n FROM t"})).out; };
  ASSERT_TRUE(eventually([&] { return rows() == "n\n100\n"; }, milliseconds(30'000))) << follower.err();
  const std::string logs = (db.folder() / "logs").string();
  const std::string file = db.file().string();
  for (const std::string& sql :
       {"FROM enable_logging(storage = 'file', storage_config = {'path': '" + logs + "'})",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '" + file + "'", "EXPLAIN ANALYZE COPY (SELECT 1) TO '" + file + ".wal'",
        std::string("FROM checkpoint()"), std::string("FROM enable_profiling()"),
        std::string("FROM truncate_duckdb_logs()"), std::string("FROM summary((SELECT 1))"),
        "FROM read_text('" + file + "')"}) {
    for (const std::string format : {"--csv", "--json"}) {
      const auto refused = run(db.pipeline.command("sql", {format, sql}));
      EXPECT_EQ(refused.exit_code, 2) << refused.describe();
    }
    EXPECT_EQ(rows(), "n\n100\n") << sql;
  }
  db.exec("INSERT INTO t SELECT generate_series(101, 200)");
  ASSERT_TRUE(eventually([&] { return rows() == "n\n200\n"; }, milliseconds(30'000))) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
}

TEST(SqlAttack, a_query_does_not_harm_a_file_without_a_run) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const std::string before = read_file(db.file());
  for (const std::string& sql :
       {"EXPLAIN ANALYZE COPY (SELECT 1) TO '" + db.file().string() + "'", std::string("FROM force_checkpoint()"),
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '" + db.file().string() + ".wal'", std::string("DELETE FROM t")}) {
    const auto refused = run(db.pipeline.command("sql", {sql}));
    EXPECT_EQ(refused.exit_code, 2) << refused.describe();
  }
  EXPECT_EQ(run(db.pipeline.command("sql", {"FROM t"})).exit_code, 0);
  EXPECT_TRUE(read_file(db.file()) == before) << "the file was written to";
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
