// `walbrook suspend` and `resume`: a suspended table stays as it was while the others continue, and equals the source
// again once it was resumed. Tables that suspended themselves are tried again where that is asked.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class Suspension {
 public:
  explicit Suspension(CopiedTo to = CopiedTo::file) : db(PostgresServer::shared(), to) {
    db.exec(
        "CREATE TABLE t(id int PRIMARY KEY, v text); CREATE TABLE other(id int PRIMARY KEY, v text);"
        "INSERT INTO t SELECT g, 'v' FROM generate_series(1, 100) g; INSERT INTO other VALUES (1, 'v')");
  }
  [[nodiscard]] ProcessResult command(const std::string& name, const std::vector<std::string>& arguments) const {
    return run(db.pipeline.command(name, arguments));
  }
  // Queries the copy through the run that holds it, or without one.
  [[nodiscard]] std::string copied(const std::string& sql) const {
    const auto result = command("sql", {"--csv", sql});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return result.out.substr(result.out.find('\n') + 1);
  }
  [[nodiscard]] bool becomes(const std::string& table, const std::string& state) const {
    return eventually(
        [&] {
          const auto told = db.pipeline.status_of(table);
          return !told.is_null() && told.at("state") == state;
        },
        milliseconds(60'000));
  }
  void expect_commands(const std::string& name, const std::vector<std::string>& tables) const {
    const auto result = command(name, tables);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
  }

  ReplicatedDatabase db;
};

class SuspensionIn : public ::testing::TestWithParam<CopiedTo> {};

TEST_P(SuspensionIn, a_suspended_table_stays_as_it_was_and_a_resumed_one_equals_the_source) {
  Suspension it(GetParam());
  ASSERT_EQ(it.db.pipeline.run().exit_code, 0);
  const auto suspended = it.command("suspend", {"t"});
  ASSERT_EQ(suspended.exit_code, 0) << suspended.describe();
  EXPECT_EQ(suspended.out, "public.t is suspended until walbrook resume\n");
  it.db.exec("DELETE FROM t WHERE id <= 10; UPDATE t SET v = 'w'; INSERT INTO other VALUES (2, 'w')");
  for (int i = 0; i < 2; ++i) {  // neither of two starts tries it again
    const auto result = it.db.pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << "it needs no attention: " << result.describe();
    EXPECT_NE(result.out.find("1 table is suspended by request: public.t\n"), std::string::npos) << result.describe();
    EXPECT_EQ(it.copied("SELECT count(*), min(v), max(v) FROM public.t"), "100,v,v\n");
    EXPECT_EQ(it.copied("SELECT count(*) FROM public.other"), "2\n");
  }
  const auto shown = it.db.pipeline.status_of("t");
  EXPECT_EQ(shown.at("state"), "suspended");
  EXPECT_EQ(shown.at("reason"), "by request");
  EXPECT_EQ(shown.at("by_request"), true);
  const auto resumed = it.command("resume", {"public.t", "--json"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.describe();
  EXPECT_EQ(nlohmann::json::parse(resumed.out).at("by"), "next run");
  it.db.exec("INSERT INTO t VALUES (101, 'x')");
  const auto last = it.db.pipeline.run({"--json"});
  EXPECT_EQ(last.exit_code, 0) << last.describe();
  EXPECT_NE(last.out.find("\"copied_tables\":1,"), std::string::npos) << last.describe();
  EXPECT_NE(last.out.find("\"suspended_by_request\":[]"), std::string::npos) << last.describe();
  EXPECT_EQ(it.db.differences(), "");
}

std::string suspended_in(const ::testing::TestParamInfo<CopiedTo>& tested) {
  constexpr std::array words = {"duckdb", "postgresql", "files", "ducklake"};
  return words.at(static_cast<std::size_t>(tested.param));
}

INSTANTIATE_TEST_SUITE_P(Destinations, SuspensionIn,
                         ::testing::Values(CopiedTo::file, CopiedTo::database, CopiedTo::files, CopiedTo::lake),
                         suspended_in);

// A writer keeps both rows of a pair equal, in one transaction each time: a table that was suspended in the middle of
// one would show it.
TEST(Suspend, p1_under_follow_a_table_is_suspended_between_two_transactions_and_misses_nothing_when_it_is_resumed) {
  Suspension it(CopiedTo::database);
  it.db.exec("CREATE TABLE pair(id int PRIMARY KEY, n int); INSERT INTO pair VALUES (1, 0), (2, 0)");
  Process follower(it.db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(it.becomes("pair", "streaming")) << follower.err();
  std::atomic<bool> ends = false;
  std::thread writer([&] {
    Sql session(it.db.conninfo());
    while (!ends) {
      session.exec(
          "BEGIN; UPDATE pair SET n = n + 1 WHERE id = 1; UPDATE pair SET n = n + 1 WHERE id = 2; UPDATE other SET v = "
          "(SELECT n FROM pair WHERE id = 1); COMMIT; SELECT pg_sleep(0.005)");
    }
  });
  const auto values = [&] { return it.copied("SELECT min(n) || ' ' || max(n) FROM public.pair"); };
  for (int round = 0; round < 2; ++round) {
    const auto before = it.copied("SELECT v FROM public.other");
    EXPECT_TRUE(eventually([&] { return it.copied("SELECT v FROM public.other") != before; }, milliseconds(30'000)));
    it.expect_commands("suspend", {"pair"});
    EXPECT_EQ(it.db.pipeline.status_of("pair").at("reason"), "by request");
    const auto left = values();
    EXPECT_EQ(left.substr(0, left.find(' ')), left.substr(left.find(' ') + 1, left.find('\n') - left.find(' ') - 1));
    const auto then = it.copied("SELECT v FROM public.other");
    EXPECT_TRUE(eventually([&] { return it.copied("SELECT v FROM public.other") != then; }, milliseconds(30'000)))
        << "the others continue";
    EXPECT_EQ(values(), left);
    it.expect_commands("resume", {"pair"});
    EXPECT_TRUE(it.becomes("pair", "streaming")) << follower.err();
  }
  ends = true;
  writer.join();
  const auto total = it.db.value("SELECT n || ' ' || n FROM pair WHERE id = 1") + "\n";
  EXPECT_TRUE(eventually([&] { return values() == total; }, milliseconds(30'000))) << values() << total;
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(it.db.differences(), "");
}

TEST(Suspend, requests_that_change_nothing_say_so) {
  Suspension it;
  ASSERT_EQ(it.db.pipeline.run().exit_code, 0);
  const auto expect_refusal = [&](const std::string& name, const std::string& table, const std::string& words) {
    const auto refused = it.command(name, {table});
    EXPECT_EQ(refused.exit_code, 2) << refused.describe();
    EXPECT_NE(refused.err.find(words), std::string::npos) << refused.describe();
  };
  for (const bool follows : {false, true}) {
    std::optional<Process> follower;
    if (follows) {
      follower.emplace(it.db.pipeline.command("run", {"--follow"}));
      ASSERT_TRUE(
          eventually([&] { return it.db.pipeline.status().value("phase", "") == "streaming"; }, milliseconds(30'000)))
          << follower->err();
    }
    expect_refusal("resume", "other", "nothing is resumed: table public.other is not suspended");
    expect_refusal("suspend", "othr", "nothing is suspended: this pipeline has no table public.othr");
    expect_refusal("suspend", "other(id)", "names columns: whole tables are suspended");
    if (!follows) it.expect_commands("suspend", {"t"});
    expect_refusal("suspend", "t", "nothing is suspended: table public.t is suspended by request already");
  }
}

// A constraint that somebody added to the target table refuses a change.
class SuspendedItself : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(it_.db.pipeline.run().exit_code, 0);
    DuckReader(it_.db.file(), DuckReader::Access::read_write).exec("ALTER TABLE public.t ALTER COLUMN v SET NOT NULL");
    it_.db.exec("INSERT INTO t VALUES (101, NULL)");
  }
  Suspension it_;
};

TEST_F(SuspendedItself, a_table_that_suspended_itself_is_resumed_by_a_copy) {
  EXPECT_EQ(it_.db.pipeline.run().exit_code, 5);
  it_.expect_commands("resume", {"t"});
  EXPECT_EQ(it_.db.pipeline.status_of("t").at("state"), "pending");
  EXPECT_EQ(it_.db.pipeline.run().exit_code, 0);
  EXPECT_EQ(it_.db.differences(), "");
}

TEST_F(SuspendedItself, by_request_no_start_tries_it_again) {
  EXPECT_EQ(it_.db.pipeline.run().exit_code, 5);
  it_.expect_commands("suspend", {"t"});
  EXPECT_EQ(it_.db.pipeline.run().exit_code, 0);
  EXPECT_EQ(it_.db.pipeline.status_of("t").at("state"), "suspended");
  EXPECT_NE(it_.command("pipeline", {it_.db.pipeline.slot, "failed"}).out.find("walbrook resume public.t"),
            std::string::npos);
}

TEST_F(SuspendedItself, under_follow_it_is_tried_again_after_a_while) {
  Process follower(it_.db.pipeline.command("run", {"--follow", "--suspended-retry", "1"}));
  EXPECT_TRUE(it_.db.pipeline.arrives("SELECT count(*) FROM public.t", "101")) << follower.err();
  follower.signal(SIGTERM);
  const auto& result = follower.wait(milliseconds(20'000));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("table public.t is tried again in "), std::string::npos) << result.describe();
  EXPECT_NE(result.err.find("is copied again: attempt 1 after its suspension"), std::string::npos) << result.describe();
  EXPECT_EQ(it_.db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
