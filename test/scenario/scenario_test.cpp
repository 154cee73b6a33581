// One test per scenario and configuration: Scenario/<file>.<configuration> on the default server, and the same as
// Scenario14/…, Scenario18/… on the servers that tools/install-servers installs. GTEST_TOTAL_SHARDS and
// GTEST_SHARD_INDEX distribute them over processes, each with its own servers.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "test/scenario/scenario_run.h"

namespace walbrook::test {
namespace {

std::vector<std::filesystem::path> scenario_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(WALBROOK_SOURCE_DIR "/test/scenario")) {
    if (entry.path().extension() == ".test") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

constexpr int default_server = 0;
constexpr int tested_servers[] = {default_server, 14, 16, 17, 18};

class ScenarioTest : public ::testing::Test {
 public:
  ScenarioTest(std::filesystem::path file, ServerRange range, const Configuration& configuration, int major)
      : file_(std::move(file)), range_(range), configuration_(configuration), major_(major) {}

  void TestBody() override {
    const auto bin_dir = major_ == default_server ? "" : installed_bin_dir(major_);
    if (bin_dir.empty() && major_ != default_server) {
      GTEST_SKIP() << "PostgreSQL " << major_ << " is not there; tools/install-servers " << major_ << " brings it";
    }
    auto& server = PostgresServer::shared(bin_dir);
    if (!range_.holds(server.major()) || server.major() < configuration_.first_server) {
      GTEST_SKIP() << "not for PostgreSQL " << server.major();
    }
    ScenarioRun(file_, configuration_, server).execute();
  }

 private:
  std::filesystem::path file_;
  ServerRange range_;
  const Configuration& configuration_;
  int major_;
};

bool runs_in(const Scenario& scenario, const Configuration& configuration) {
  const auto names = [&configuration](const std::vector<std::string>& list) {
    return std::ranges::count(list, configuration.name) > 0;
  };
  if (scenario.schema_changes && configuration.pairwise) return true;
  if (!scenario.only.empty()) return names(scenario.only);
  return !configuration.only_where_named || names(scenario.also);
}

void register_one(const Scenario& scenario, const Configuration& configuration, int major) {
  const std::string number = major == default_server ? "" : std::to_string(major);
  const std::string suite = "Scenario" + number + "/" + scenario.file.stem().string();
  ::testing::RegisterTest(
      suite.c_str(), configuration.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
      [file = scenario.file, range = scenario.servers, &configuration, major]() -> ::testing::Test* {
        return new ScenarioTest(file, range, configuration, major);
      });
}

[[maybe_unused]] const bool registered = [] {
  for (const auto& file : scenario_files()) {
    Scenario scenario;
    scenario.file = file;
    try {
      scenario = parse_scenario(file, read_file(file), "db");
    } catch (const std::exception&) {
      // ScenarioFile.every_file_parses reports it
    }
    for (const int major : tested_servers) {
      if (major != default_server && !scenario.servers.holds(major)) continue;
      for (const auto& configuration : configurations()) {
        if (runs_in(scenario, configuration)) register_one(scenario, configuration, major);
      }
    }
  }
  return true;
}();

TEST(ScenarioFile, every_file_parses) {
  const auto files = scenario_files();
  EXPECT_GE(files.size(), 25U);
  for (const auto& file : files) {
    Scenario scenario;
    EXPECT_NO_THROW(scenario = parse_scenario(file, read_file(file), "db")) << file;
    scenario.only.insert(scenario.only.end(), scenario.also.begin(), scenario.also.end());
    for (const auto& name : scenario.only) {
      EXPECT_TRUE(std::ranges::any_of(configurations(), [&](const auto& one) { return one.name == name; }))
          << file << " names the unknown configuration " << name;
    }
  }
}

std::string parse_failure(const std::string& text) {
  try {
    (void)parse_scenario("x.test", "# a comment that explains what happens\n" + text, "db7");
  } catch (const std::exception& failed) {
    return failed.what();
  }
  return "";
}

TEST(ScenarioFile, unknown_words_are_errors_with_their_line) {
  EXPECT_EQ(parse_failure("setup\nSELECT 1;\nrun\n"), "");
  EXPECT_EQ(parse_failure("setup\nrnu\n"), "x.test:3: unknown word \"rnu\"");
  EXPECT_EQ(parse_failure("setup\nselect 1;\nrun\n"), "x.test:3: unknown word \"select\"");
  EXPECT_EQ(parse_failure("run\nSELECT 1;\n"), "x.test:3: SQL outside of a section");
  EXPECT_EQ(parse_failure("setup\nSELECT 1;\n"), "x.test:3: nothing runs behind the last section of SQL");
  EXPECT_EQ(parse_failure("setup\nexpect exit 3\n"), "x.test:3: does not stand behind a run");
  EXPECT_EQ(parse_failure("run\nexpect exit three\n"), "x.test:3: \"three\" is no number");
  EXPECT_EQ(parse_failure("run\nexpect happiness\n"),
            "x.test:3: expect exit N | expect output TEXT | expect no output TEXT");
  EXPECT_EQ(parse_failure("run\nonly defaults\n"), "x.test:3: only CONFIGURATION…, before the first section");
  EXPECT_EQ(parse_failure("run\nsmoke\n"), "x.test:3: \"smoke\" stands alone, before the first section");
  EXPECT_EQ(parse_failure("setup\nSELECT 1;\nrun\nkept\n"), "x.test:5: kept SCHEMA.TABLE…");
  EXPECT_EQ(parse_failure("setup\nkept public.t\n"), "x.test:3: does not stand behind a run");
  EXPECT_EQ(parse_failure("schema_changes\nrun\n"), "");
  EXPECT_EQ(parse_failure("run\nschema_changes\n"),
            "x.test:3: \"schema_changes\" stands alone, before the first section");
  EXPECT_EQ(parse_failure("servers 17-15\nrun\n"), "x.test:2: \"17-15\" holds no server");
}

// For any two options, every combination must be in one of the configurations of `schema_changes`.
TEST(ScenarioFile, run_modes_are_combined_pairwise) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : configurations()) {
    if (!one.pairwise) continue;
    const auto has = [&one](const std::string& flag) {
      return std::ranges::count(one.flags, flag) > 0 ? flag : "without " + flag;
    };
    rows.push_back({"mode " + std::to_string(static_cast<int>(one.mode)), has("--format"), has("--protocol"),
                    has("--batch-rows"), one.killed ? "killed" : "not killed"});
  }
  ASSERT_FALSE(rows.empty());
  for (std::size_t a = 0; a < rows[0].size(); ++a) {
    for (std::size_t b = a + 1; b < rows[0].size(); ++b) {
      std::set<std::string> of_a, of_b, pairs;
      for (const auto& row : rows) {
        of_a.insert(row[a]);
        of_b.insert(row[b]);
        pairs.insert(row[a] + ", " + row[b]);
      }
      EXPECT_EQ(pairs.size(), of_a.size() * of_b.size()) << rows[0][a] << " with " << rows[0][b];
    }
  }
}

TEST(ScenarioFile, servers_are_a_range_of_major_versions) {
  const auto servers = [](const std::string& words) {
    return parse_scenario("x.test", "# a comment that explains what happens\nservers " + words + "\nrun\n", "db")
        .servers;
  };
  EXPECT_FALSE(servers("15-").holds(14));
  EXPECT_TRUE(servers("15-").holds(18));
  EXPECT_TRUE(servers("-17").holds(14));
  EXPECT_FALSE(servers("-17").holds(18));
  EXPECT_TRUE(servers("16-17").holds(17));
  EXPECT_FALSE(servers("16").holds(17));
}

TEST(ScenarioFile, statements_are_split_as_psql_does) {
  EXPECT_EQ(split_statements("SELECT ';' ; DO $x$ BEGIN; END $x$; -- a ; b\nSELECT \"a;\"\"\", 'it''s;';\n").size(),
            3U);
  EXPECT_EQ(split_statements("SELECT $1; SELECT $$;$$ /* ; */").size(), 2U);
}

}  // namespace
}  // namespace walbrook::test
