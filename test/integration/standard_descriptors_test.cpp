// Standard input, output and error that are closed, full, broken, or the database file itself.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr auto arrival = milliseconds(60'000);

// Returns the same command with the shell's redirections: "<&- 2>/dev/full", "| true".
ProcessSpec redirected(ProcessSpec spec, const std::string& redirections) {
  std::vector<std::string> argv = {"bash", "-o", "pipefail", "-c", "exec \"$@\" " + redirections, "bash"};
  argv.insert(argv.end(), spec.argv.begin(), spec.argv.end());
  spec.argv = std::move(argv);
  return spec;
}

const std::vector<std::string> closed = {"<&- >&- 2>&-", "<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-"};

// Earlier, the database got descriptor 2, and the log was written over its header.
TEST(StandardDescriptors, p4_the_log_never_goes_into_the_file) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'x' FROM generate_series(1, 1000) g");
  int id = 1000;
  for (const auto& redirections : closed) {
    const auto ended = run(redirected(db.pipeline.command("run", {"--log-level", "debug"}), redirections));
    EXPECT_EQ(ended.exit_code, 0) << redirections << "\n" << ended.describe();
    EXPECT_EQ(db.differences(), "") << redirections;
    db.exec(fmt::format("INSERT INTO t SELECT g, 'y' FROM generate_series({}, {}) g; UPDATE t SET v = '{}'", id + 1,
                        id + 100, redirections));
    id += 100;
  }
}

TEST(StandardDescriptors, a_first_run_makes_a_sound_file_whatever_is_closed) {
  for (const std::string redirections : {"<&- >&- 2>&-", ">&-", "2>&-"}) {
    const ReplicatedDatabase db;
    db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)");
    Process follower(redirected(db.pipeline.command("run", {"--follow", "--log-level", "debug"}), redirections));
    ASSERT_TRUE(eventually([&] { return run(db.pipeline.command("sql", {"FROM t LIMIT 1"})).exit_code == 0; }, arrival))
        << redirections;
    db.exec("INSERT INTO t SELECT generate_series(1001, 2000)");
    ASSERT_TRUE(eventually(
        [&] {
          return run(db.pipeline.command("sql", {"--csv", "SELECT count(*) AS n FROM t"})).out == "n\n2000\n";
        },
        arrival))
        << redirections;
    follower.signal(SIGTERM);
    EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << redirections;
    EXPECT_EQ(db.differences(), "") << redirections;
  }
}

struct NamedCommand {
  std::string name;
  ProcessSpec spec;
};

std::vector<NamedCommand> commands_with_output(const ReplicatedDatabase& db) {
  const auto& pipeline = db.pipeline;
  const std::string destination = "duckdb:///" + db.file().string();
  return {
      {"sql", pipeline.command("sql", {"FROM t"})},
      {"sql --json", pipeline.command("sql", {"--json", "FROM t"})},
      {"sql --csv", pipeline.command("sql", {"--csv", "FROM t"})},
      {"status", pipeline.command("status")},
      {"status --json", pipeline.command("status", {"--json"})},
      {"check", pipeline.command("check")},
      {"check --json", pipeline.command("check", {"--json"})},
      {"decode",
       walbrook_command({"decode", "--source", pipeline.source, "--slot", pipeline.slot, "--publication", "walbrook"})},
      {"pipeline info", walbrook_command({"pipeline", pipeline.slot, "info", "--destination", destination})},
      {"config", walbrook_command({"config"})},
      {"completion", walbrook_command({"completion", "bash"})},
      {"--help", walbrook_command({"--help"})},
      {"run --help", walbrook_command({"run", "--help"})},
      {"--version", walbrook_command({"--version"})},
  };
}

TEST(StandardDescriptors, a_result_that_cannot_be_written_is_exit_1_and_never_a_crash) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 10)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (11)");  // for decode
  for (const auto& [name, spec] : commands_with_output(db)) {
    const auto plain = run(spec);
    EXPECT_EQ(plain.exit_code, 0) << plain.describe();
    for (const std::string redirections : {"<&-", "2>/dev/full", "<&- 2>&-"}) {
      const auto ended = run(redirected(spec, redirections));
      EXPECT_EQ(ended.exit_code, 0) << name << redirections << "\n" << ended.describe();
      // `status` prints times, `check` what the server holds back.
      const bool varies = name.find("status") != std::string::npos || name.find("check") != std::string::npos;
      EXPECT_TRUE(varies ? !ended.out.empty() : ended.out == plain.out) << name << redirections << ended.describe();
    }
    for (const std::string redirections : {">/dev/full", ">&-", ">/dev/full 2>/dev/full", "<&- >&- 2>&-"}) {
      const auto ended = run(redirected(spec, redirections));
      EXPECT_EQ(ended.exit_code, 1) << name << redirections << "\n" << ended.describe();
      if (redirections.find("2>") == std::string::npos) {
        EXPECT_NE(ended.err.find("the result cannot be written to stdout"), std::string::npos)
            << name << ended.describe();
      }
    }
    const auto unread = run(redirected(spec, "| true"));
    EXPECT_EQ(unread.exit_code, 0) << name << unread.describe();
  }
}

TEST(StandardDescriptors, an_error_that_cannot_be_written_keeps_its_exit_code) {
  const ReplicatedDatabase db;
  const std::vector<ProcessSpec> failing = {walbrook_command({"nonsense"}), walbrook_command({"run", "--nonsense"}),
                                            walbrook_command({"sql", "--nonsense", "--json"}),
                                            db.pipeline.command("sql", {"SELECT 1"}),  // there is no file
                                            walbrook_command({"check", "--source", "host=/nowhere", "--json"})};
  for (const auto& spec : failing) {
    const auto plain = run(spec);
    EXPECT_GT(plain.exit_code, 1) << plain.describe();
    for (const std::string redirections : {"2>/dev/full", "2>&-", ">/dev/full 2>/dev/full", "<&- >&- 2>&-"}) {
      const auto ended = run(redirected(spec, redirections));
      const bool finds = spec.argv.at(1) == "check" && redirections.find(" ") != std::string::npos;
      EXPECT_EQ(ended.exit_code, finds ? 1 : plain.exit_code) << redirections << "\n" << ended.describe();
    }
  }
}

// A run is for replication: it continues without its output, and reports at the end that the summary was lost.
TEST(StandardDescriptors, a_run_goes_on_without_its_output) {
  struct Case {
    std::string redirections;
    int exit_code;
  };
  for (const auto& [redirections, exit_code] :
       {Case{">/dev/full", 1}, Case{"2>/dev/full", 0}, Case{">/dev/full 2>/dev/full", 1}, Case{">&-", 0}}) {
    for (const bool json : {false, true}) {
      const ReplicatedDatabase db;
      db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)");
      std::vector<std::string> flags = {"--follow", "--log-level", "debug"};
      if (json) flags.emplace_back("--json");
      Process follower(redirected(db.pipeline.command("run", flags), redirections));
      const auto has = [&](const std::string& rows) {
        return run(db.pipeline.command("sql", {"--csv", "SELECT count(*) AS n FROM t"})).out == "n\n" + rows + "\n";
      };
      ASSERT_TRUE(eventually([&] { return has("100"); }, arrival)) << redirections << follower.err();
      db.exec("INSERT INTO t SELECT generate_series(101, 200)");
      ASSERT_TRUE(eventually([&] { return has("200"); }, arrival)) << redirections << follower.err();
      follower.signal(SIGTERM);
      const auto ended = follower.wait(milliseconds(20'000));
      EXPECT_EQ(ended.exit_code, exit_code) << redirections << ended.describe();
      if (redirections == ">/dev/full") {
        EXPECT_NE(ended.err.find("the result cannot be written to stdout"), std::string::npos) << ended.describe();
      }
      EXPECT_EQ(db.differences(), "") << redirections;
    }
  }
}

TEST(StandardDescriptors, a_run_goes_on_when_the_reader_of_its_output_is_gone) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)");
  const auto ended = run(redirected(db.pipeline.command("run", {"--json", "--log-level", "debug"}), "2>&1 | true"));
  EXPECT_EQ(ended.exit_code, 0) << ended.describe();
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST(StandardDescriptors, p4_the_database_file_is_refused_as_output) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const auto before = read_file(db.file());
  const auto file = "'" + db.file().string() + "'";
  const auto refuses = [&](const ProcessSpec& spec) {
    const auto to_out = run(redirected(spec, ">> " + file));
    EXPECT_EQ(to_out.exit_code, 4) << to_out.describe();
    EXPECT_NE(to_out.err.find("standard output of this process is written to the destination"), std::string::npos)
        << to_out.describe();
    EXPECT_EQ(run(redirected(spec, "2>> " + file)).exit_code, 4);
    EXPECT_EQ(run(redirected(spec, ">> " + file + " 2>&1")).exit_code, 4);
  };
  const auto sql = db.pipeline.command("sql", {"--json", "FROM t"});
  refuses(db.pipeline.command("run"));
  refuses(sql);
  refuses(db.pipeline.command("status"));
  EXPECT_TRUE(read_file(db.file()) == before) << "the file was written to";
  {  // While a run holds the file, the query does not open it.
    Process follower(db.pipeline.command("run", {"--follow"}));
    ASSERT_TRUE(eventually(
        [&] { return run(db.pipeline.command("status")).out.find("streaming:") != std::string::npos; }, arrival))
        << follower.err();
    refuses(sql);
    follower.signal(SIGTERM);
    EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  }
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
