// Queries during a run: none of them makes it unresponsive, slow or endless, and each answer names its position.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/lsn.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

using Json = nlohmann::json;

// Runs until it is interrupted.
const std::string endless =
    "SELECT count(*) FROM range(100000) a, range(100000) b, range(1000) c WHERE hash(a.range, b.range, c.range) = 1";

milliseconds since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
}

struct Followed : ReplicatedDatabase {
  explicit Followed(std::vector<std::string> flags = {}) {
    exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'x' FROM generate_series(1, 1000) g");
    flags.insert(flags.begin(), "--follow");
    follower = std::make_unique<Process>(pipeline.command("run", flags));
    const bool is_streaming = eventually(
        [this] { return run(pipeline.command("status", {"--json"})).out.find("\"streaming\"") != std::string::npos; },
        milliseconds(30'000));
    EXPECT_TRUE(is_streaming) << follower->err();
  }
  std::unique_ptr<Process> follower;
};

// Four cancelled queries made a run unresponsive to `status` and `sql`.
TEST(Queries, cancelled_ones_leave_nothing_behind) {
  const Followed db;
  for (int i = 0; i < 6; ++i) {
    Process asking(db.pipeline.command("sql", {endless}));
    EXPECT_FALSE(asking.ends_within(milliseconds(300)));
    asking.signal(i % 2 == 0 ? SIGINT : SIGKILL);
    EXPECT_TRUE(asking.ends_within(milliseconds(2'000)));
  }
  const auto began = std::chrono::steady_clock::now();
  const auto status = run(db.pipeline.command("status"));
  EXPECT_EQ(status.exit_code, 0) << status.describe();
  const auto answer = run(db.pipeline.command("sql", {"--csv", "SELECT count(*) AS n FROM t"}));
  EXPECT_EQ(answer.out, "n\n1000\n") << answer.describe();
  EXPECT_LT(since(began), milliseconds(3'000));
}

TEST(Queries, sigterm_ends_the_run_in_spite_of_them) {
  const Followed db({"--queries", "6"});
  std::vector<std::unique_ptr<Process>> asking;
  for (int i = 0; i < 5; ++i) asking.push_back(std::make_unique<Process>(db.pipeline.command("sql", {endless})));
  // One expression: it took four seconds, and cannot be interrupted.
  asking.push_back(std::make_unique<Process>(
      db.pipeline.command("sql", {"SELECT levenshtein(repeat('ab', 60000), repeat('ba', 60000))"})));
  EXPECT_FALSE(asking[0]->ends_within(milliseconds(1'000)));
  const auto status = run(db.pipeline.command("status"));
  EXPECT_EQ(status.exit_code, 0) << status.describe();
  const auto began = std::chrono::steady_clock::now();
  db.follower->signal(SIGTERM);
  const auto& ended = db.follower->wait(milliseconds(20'000));
  EXPECT_LT(since(began), milliseconds(2'000));
  EXPECT_EQ(ended.exit_code, 0) << ended.describe();
  for (auto& one : asking) {
    const auto& result = one->wait(milliseconds(5'000));
    EXPECT_FALSE(result.timed_out);
    EXPECT_EQ(result.exit_code, 4) << result.describe();
  }
  EXPECT_EQ(db.differences(), "");
}

TEST(Queries, one_that_waits_for_its_turn_says_so_and_one_over_a_limit_is_ended) {
  const Followed db({"--query-timeout", "2", "--query-rows", "100"});
  Process first(db.pipeline.command("sql", {endless}));
  EXPECT_FALSE(first.ends_within(milliseconds(500)));
  const auto second = run(db.pipeline.command("sql", {"--csv", "SELECT count(*) AS n FROM t"}));
  EXPECT_EQ(second.out, "n\n1000\n");
  EXPECT_NE(second.err.find("the run answers other queries first: 1 goes before this one"), std::string::npos)
      << second.describe();
  const auto& ended = first.wait(milliseconds(5'000));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("the query was ended after 2 s"), std::string::npos) << ended.describe();
  const auto rows = run(db.pipeline.command("sql", {"FROM t"}));
  EXPECT_EQ(rows.exit_code, 2);
  EXPECT_NE(rows.err.find("the result has more than 100 rows"), std::string::npos) << rows.describe();
}

TEST(Queries, a_run_that_is_stopped_is_not_taken_for_gone) {
  const Followed db;
  db.follower->signal(SIGSTOP);
  Process status(db.pipeline.command("status"));  // each waits for an answer, both at the same time
  Process sql(db.pipeline.command("sql", {"SELECT 1"}));
  for (auto* const command : {&status, &sql}) {
    const auto result = command->wait(milliseconds(60'000));
    EXPECT_EQ(result.exit_code, 4) << result.describe();
    EXPECT_NE(result.err.find("does not answer"), std::string::npos) << result.describe();
    EXPECT_EQ(result.err.find("End that process"), std::string::npos) << result.describe();
  }
  db.follower->signal(SIGCONT);
  EXPECT_EQ(run(db.pipeline.command("status")).exit_code, 0);
}

// Queries as users do: by file, and by the pipeline's name.
ProcessResult walbrook_on(const ReplicatedDatabase& db, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--destination", "duckdb:///" + db.file().string()});
  return run(walbrook_command(arguments));
}

TEST(Queries, of_two_pipelines_in_a_file_each_has_its_own_position) {
  const ReplicatedDatabase db;
  const auto& first = db.pipeline.slot;
  db.exec(
      "CREATE TABLE a(id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE b(id int PRIMARY KEY); INSERT INTO "
      "b VALUES (1), (2)");
  auto second = db.pipeline;
  second.slot = second.publication = "second";
  ASSERT_EQ(second.run({"--table", "b", "--dataset", "other"}).exit_code, 0);
  const auto only = walbrook_on(db, {"status"});
  EXPECT_NE(only.out.find("pipeline second: "), std::string::npos) << only.describe();
  EXPECT_EQ(walbrook_on(db, {"sql", "FROM b"}).exit_code, 0);
  EXPECT_NE(walbrook_on(db, {"pipeline"}).out.find("second"), std::string::npos);
  db.exec("INSERT INTO a VALUES (2)");
  ASSERT_EQ(db.pipeline.run({"--table", "a"}).exit_code, 0);
  const auto lsn_of = [&](const std::string& pipeline) {
    return db.copied_value("SELECT lsn FROM _walbrook.checkpoint WHERE pipeline = '" + pipeline + "'");
  };
  const auto old = lsn_of("second");
  ASSERT_NE(old, lsn_of(first));

  const auto several = walbrook_on(db, {"status"});
  EXPECT_EQ(several.exit_code, 2);
  EXPECT_NE(several.err.find("--pipeline: second, " + first), std::string::npos) << several.describe();
  const auto positions_are_right = [&](const std::string& newer) {
    EXPECT_EQ(Json::parse(walbrook_on(db, {"sql", "--json", "FROM other.b"}).out).at("lsn"), old);
    // A run advances even if there is nothing to apply.
    const auto of_first = [&](const Json& position) {
      return Lsn::parse(position.get<std::string>()).value_or(Lsn{}) >= Lsn::parse(newer).value_or(Lsn{});
    };
    EXPECT_TRUE(of_first(Json::parse(walbrook_on(db, {"sql", "--json", "FROM a"}).out).at("lsn")));
    const auto both = Json::parse(walbrook_on(db, {"sql", "--json", "SELECT count(*) FROM a, b"}).out);
    EXPECT_TRUE(both.at("lsn").is_null());
    EXPECT_EQ(both.at("lsns").at("second"), old);
    EXPECT_TRUE(of_first(both.at("lsns").at(first)));
    const auto shown = walbrook_on(db, {"sql", "SELECT count(*) FROM a, b"});
    EXPECT_NE(shown.out.find("as of LSN " + old + " of second, "), std::string::npos) << shown.describe();
    EXPECT_NE(shown.out.find(" of " + first + "\n"), std::string::npos) << shown.describe();
  };
  positions_are_right(lsn_of(first));

  Process follower(db.pipeline.command("run", {"--table", "a", "--follow"}));
  ASSERT_TRUE(eventually(
      [&] {
        return walbrook_on(db, {"status", "--json"}).out.find("\"phase\":\"streaming\"") != std::string::npos;
      },
      milliseconds(30'000)))
      << follower.err();
  const auto of_run = Json::parse(walbrook_on(db, {"status", "--json", "--pipeline", first}).out);
  EXPECT_EQ(of_run.at("phase"), "streaming");
  positions_are_right(of_run.at("checkpoint"));
  const auto status = walbrook_on(db, {"status", "--json", "--pipeline", "second"});
  const auto of_other = Json::parse(status.out);
  EXPECT_EQ(of_other.at("pipeline"), "second") << status.out;
  EXPECT_EQ(of_other.at("phase"), "stopped");
  EXPECT_EQ(of_other.at("checkpoint"), old);
  EXPECT_EQ(of_other.at("held_by"), first);
  ASSERT_EQ(of_other.at("tables").size(), 1U);
  EXPECT_EQ(of_other.at("tables")[0].at("rows"), 2);
  const auto text = walbrook_on(db, {"status", "--slot", "second"});
  EXPECT_NE(text.out.find("no run of this pipeline is at work; a run of pipeline " + first + " holds "),
            std::string::npos)
      << text.describe();
  const auto info = walbrook_on(db, {"pipeline", "second", "info"});
  EXPECT_NE(info.out.find(old), std::string::npos) << info.describe();
  EXPECT_EQ(info.out.find("streaming since"), std::string::npos) << info.describe();
  const auto list = walbrook_on(db, {"pipeline", "--list"});
  EXPECT_NE(list.out.find("second"), std::string::npos) << list.describe();
}

}  // namespace
}  // namespace walbrook::test
