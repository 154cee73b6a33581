// One test for each combination of a scenario, a configuration, a destination and a server (selection.h):
// Scenario/FILE.CONFIGURATION on the default server, Debian's 15, and Scenario14/… to Scenario18/… on the servers that
// tools/install-servers installs. With WALBROOK_SCENARIOS=selected in the environment there are only those of a test
// run; with all_servers, those on every server. GTEST_TOTAL_SHARDS and GTEST_SHARD_INDEX distribute them over
// processes, each with its own servers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "test/scenario/case_table.h"
#include "test/scenario/scenario_run.h"
#include "test/scenario/selection.h"
#include "test/support/lake_copy.h"

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

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = [] {
    std::vector<Scenario> parsed;
    for (const auto& file : scenario_files()) {
      try {
        parsed.push_back(parse_scenario(file, read_file(file), "db"));
      } catch (const std::exception&) {
        // ScenarioFile.every_file_parses reports it
      }
    }
    return parsed;
  }();
  return all;
}

constexpr int default_server = 15;
constexpr int other_servers[] = {14, 16, 17, 18};

std::vector<int> supported_servers() {
  std::vector<int> servers{default_server};
  servers.insert(servers.end(), std::begin(other_servers), std::end(other_servers));
  return servers;
}

std::vector<int> installed_servers() {
  auto servers = supported_servers();
  std::erase_if(servers, [](int major) { return major != default_server && installed_bin_dir(major).empty(); });
  return servers;
}

bool has_extension(const PostgresServer& server, const std::string& name) {
  const auto available = "SELECT count(*) FROM pg_available_extensions WHERE name = " + quote_literal(name);
  return name.empty() || Sql(server.conninfo()).value(available) == "1";
}

class ScenarioTest : public ::testing::Test {
 public:
  explicit ScenarioTest(const Combination& combination) : combination_(combination) {}

  void TestBody() override {
    const auto& [scenario, configuration, destination, major] = combination_;
    const auto bin_dir = major == default_server ? "" : installed_bin_dir(major);
    if (bin_dir.empty() && major != default_server) {
      GTEST_SKIP() << "PostgreSQL " << major << " is not there; tools/install-servers " << major << " brings it";
    }
    if (destination->kind == TestedDestination::Kind::ducklake && !has_lake_extensions()) {
      GTEST_SKIP() << no_lake_extensions;
    }
    auto& server = PostgresServer::shared(bin_dir);
    if (!runs_on(*scenario, *configuration, server.major())) {
      GTEST_SKIP() << "not for PostgreSQL " << server.major();
    }
    if (!has_extension(server, scenario->extension)) {
      GTEST_SKIP() << "PostgreSQL " << server.major() << " does not have the extension " << scenario->extension
                   << "; tools/install-pgvector brings vector to version 16";
    }
    ScenarioRun(scenario->file, *configuration, *destination, server).execute();
  }

 private:
  Combination combination_;
};

void register_one(const Combination& combination) {
  const std::string number = combination.server == default_server ? "" : std::to_string(combination.server);
  const std::string suite = "Scenario" + number + "/" + combination.scenario->file.stem().string();
  const std::string name = test_name(*combination.configuration, *combination.destination);
  ::testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [combination]() -> ::testing::Test* { return new ScenarioTest(combination); });
}

[[maybe_unused]] const bool registered = [] {
  const char* set = std::getenv("WALBROOK_SCENARIOS");
  const std::string wanted = set == nullptr ? "" : set;
  auto combinations = wanted == "selected"      ? selected_combinations(scenarios(), installed_servers())
                      : wanted == "all_servers" ? selected_combinations(scenarios(), installed_servers(), true)
                                                : all_combinations(scenarios(), supported_servers());
  // GoogleTest wants the tests of a suite one after the other.
  std::ranges::stable_sort(combinations, {},
                           [](const Combination& one) { return std::pair(one.server, one.scenario->file); });
  std::ranges::for_each(combinations, register_one);
  return true;
}();

TEST(ScenarioFile, every_file_parses) {
  const auto files = scenario_files();
  EXPECT_GE(files.size(), 25U);
  for (const auto& file : files) {
    Scenario scenario;
    EXPECT_NO_THROW(scenario = parse_scenario(file, read_file(file), "db")) << file;
    const auto is_configuration = [](const std::string& name) {
      return std::ranges::any_of(configurations(), [&](const auto& one) { return one.name == name; });
    };
    const auto is_test = [](const std::string& name) {
      return std::ranges::any_of(configurations(), [&](const auto& configuration) {
        return std::ranges::any_of(tested_destinations(),
                                   [&](const auto& one) { return test_name(configuration, one) == name; });
      });
    };
    const auto is_destination = [](const std::string& name) {
      return std::ranges::any_of(tested_destinations(), [&](const auto& one) { return one.name == name; });
    };
    for (const auto& name : scenario.only) {
      EXPECT_TRUE(is_configuration(name)) << file << " names the unknown configuration " << name;
    }
    for (const auto& name : scenario.also) {
      EXPECT_TRUE(is_test(name)) << file << " names the unknown test " << name;
    }
    for (const auto& name : scenario.destinations) {
      EXPECT_TRUE(is_destination(name)) << file << " names the unknown destination " << name;
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
  EXPECT_EQ(parse_failure("run\ndestinations duckdb\n"), "x.test:3: destinations NAME…, before the first section");
  EXPECT_EQ(parse_failure("setup\nSELECT 1;\nrun\nkept\n"), "x.test:5: kept SCHEMA.TABLE…");
  EXPECT_EQ(parse_failure("setup\nkept public.t\n"), "x.test:3: does not stand behind a run");
  EXPECT_EQ(parse_failure("schema_changes\nrun\n"), "");
  EXPECT_EQ(parse_failure("run\nschema_changes\n"),
            "x.test:3: \"schema_changes\" stands alone, before the first section");
  EXPECT_EQ(parse_failure("servers 17-15\nrun\n"), "x.test:2: \"17-15\" holds no server");
  EXPECT_EQ(parse_failure("extension\nrun\n"), "x.test:2: extension NAME, before the first section");
}

std::string place_of(const Combination& one) {
  return one.scenario->file.stem().string() + "." + test_name(*one.configuration, *one.destination) + " on " +
         std::to_string(one.server);
}

TEST(ScenarioSelection, covers_every_file_and_every_pair) {
  const auto servers = supported_servers();
  std::set<std::string> selected, possible, covered;
  const auto kind_of = [](const TestedDestination& one) { return std::to_string(static_cast<int>(one.kind)); };
  const auto pairs_of = [&](const Combination& one) {
    const auto server = std::to_string(one.server);
    return std::vector<std::string>{server + " " + one.configuration->name, server + " " + one.destination->name,
                                    one.configuration->name + " " + kind_of(*one.destination)};
  };
  const auto selection = selected_combinations(scenarios(), servers);
  for (const auto& one : selection) {
    EXPECT_TRUE(selected.insert(place_of(one)).second) << place_of(one) << " twice";
    for (const auto& pair : pairs_of(one)) covered.insert(pair);
  }
  for (const auto& one : all_combinations(scenarios(), servers)) {
    possible.insert(place_of(one));
    for (const auto& pair : pairs_of(one)) EXPECT_TRUE(covered.contains(pair)) << pair;
  }
  EXPECT_TRUE(std::ranges::includes(possible, selected));
  for (const auto& scenario : scenarios()) {
    std::set<std::string> kinds;
    for (const auto& one : selection) {
      if (one.scenario == &scenario) kinds.insert(kind_of(*one.destination));
    }
    EXPECT_GE(kinds.size(), scenario.destinations.empty() ? 2U : 1U) << scenario.file;
    for (const auto& destination : tested_destinations()) {
      if (!scenario.smoke || destination.only_where_named || !runs_into(scenario, destination)) continue;
      EXPECT_TRUE(kinds.contains(kind_of(destination))) << scenario.file << " " << destination.name;
    }
  }
}

TEST(ScenarioSelection, each_of_its_runs_can_be_on_every_server) {
  const auto servers = supported_servers();
  std::map<std::string, int> times;
  for (const auto& one : selected_combinations(scenarios(), servers, true)) {
    ++times[one.scenario->file.stem().string() + "." + test_name(*one.configuration, *one.destination)];
  }
  EXPECT_EQ(times["truncate.defaults"], 5);
  EXPECT_EQ(times["truncate.to_postgresql"], 5);
  for (const auto& one : selected_combinations(scenarios(), servers)) {
    EXPECT_GE(times[one.scenario->file.stem().string() + "." + test_name(*one.configuration, *one.destination)], 1);
  }
}

TEST(ScenarioSelection, a_file_runs_on_the_servers_that_are_there) {
  const auto selection = selected_combinations(scenarios(), {default_server});
  EXPECT_TRUE(std::ranges::all_of(selection, [](const Combination& one) { return one.server == default_server; }));
  std::set<const Scenario*> files;
  for (const auto& one : selection) files.insert(one.scenario);
  const auto expected = std::ranges::count_if(
      scenarios(), [](const Scenario& scenario) { return scenario.servers.holds(default_server); });
  EXPECT_EQ(files.size(), static_cast<std::size_t>(expected));
}

TEST(CaseTable, the_document_is_what_the_tests_do) {
  const std::filesystem::path document = WALBROOK_SOURCE_DIR "/docs/tested-cases.md";
  const auto table = case_table(scenarios(), supported_servers());
  if (std::getenv("WALBROOK_WRITE_CASES") != nullptr) write_file(document, table);
  EXPECT_TRUE(read_file(document) == table)
      << "WALBROOK_WRITE_CASES=1 build/release/test/scenarios --gtest_filter='CaseTable*' writes " << document;
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
