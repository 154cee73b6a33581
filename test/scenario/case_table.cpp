#include "test/scenario/case_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <utility>

#include "test/scenario/selection.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

using Kind = TestedDestination::Kind;

constexpr std::array<std::pair<Kind, const char*>, 4> shown_kinds = {
    {{Kind::duckdb, "DuckDB"}, {Kind::postgresql, "PostgreSQL"}, {Kind::files, "files"}, {Kind::ducklake, "lake"}}};
constexpr const char* in_each_test_run = "●";
constexpr const char* in_all_tests = "○";
constexpr const char* no_mark = "";

constexpr const char* head = R"(# Tested cases

Each case is a file of SQL, `test/scenario/NAME.test`. It runs against real servers: walbrook replicates what the SQL
does, and after each run every target table is compared with its source, row by row and value by value. Some cases also
say which tables must not be copied again, which message a run ends with, or how many rows there are.

- ● the case runs there in each test run (`./run-tests`)
- ○ it runs there with `./run-tests --all-servers` (servers) or `--all` (destinations)
- an empty cell: it is not for that server or destination, mostly because the server lacks the command

The last column lists how the case runs beside the defaults, in each test run: `killed` is after commits, again and
again; `followed` is while `run --follow` is at work, `restarted` with a run in the middle of the changes; the others are
settings. `test/scenario/configurations.cpp` has them all. Destinations of one kind count as one here: Parquet, CSV and
JSON files; lakes with their catalog in a DuckDB file, in SQLite or in PostgreSQL.

This table is written by the tests: `WALBROOK_WRITE_CASES=1 build/release/test/scenarios --gtest_filter='CaseTable*'`.

)";

// Returns the comment at the head of a file, up to the end of its first sentence.
std::string first_sentence(const Scenario& scenario) {
  std::istringstream in(read_file(scenario.file));
  std::string text;
  for (std::string line; std::getline(in, line) && line.starts_with("#");) {
    text += (text.empty() ? "" : " ") + line.substr(std::min<std::size_t>(2, line.size()));
  }
  const auto end = text.find(". ");
  if (end != std::string::npos) text.resize(end);
  while (text.ends_with('.')) text.pop_back();
  std::string escaped;
  for (const char each : text) escaped += each == '|' ? std::string("\\|") : std::string(1, each);
  return escaped;
}

class Row {
 public:
  Row(const Scenario& scenario, const std::vector<Combination>& selected, const std::vector<Combination>& all) {
    for (const auto& one : selected) {
      if (one.scenario != &scenario) continue;
      servers_.insert(one.server);
      kinds_.insert(one.destination->kind);
      if (one.configuration->name != "defaults") ways_.insert(one.configuration->name);
    }
    for (const auto& one : all) {
      if (one.scenario != &scenario) continue;
      possible_servers_.insert(one.server);
      possible_kinds_.insert(one.destination->kind);
    }
  }
  [[nodiscard]] const char* on(int server) const { return mark(servers_, possible_servers_, server); }
  [[nodiscard]] const char* into(Kind kind) const { return mark(kinds_, possible_kinds_, kind); }
  [[nodiscard]] std::string ways() const { return fmt::format("{}", fmt::join(ways_, ", ")); }

 private:
  template <class Value>
  static const char* mark(const std::set<Value>& selected, const std::set<Value>& all, Value value) {
    if (selected.contains(value)) return in_each_test_run;
    return all.contains(value) ? in_all_tests : no_mark;
  }

  std::set<int> servers_, possible_servers_;
  std::set<Kind> kinds_, possible_kinds_;
  std::set<std::string> ways_;
};

}  // namespace

std::string case_table(const std::vector<Scenario>& scenarios, const std::vector<int>& servers) {
  auto sorted = servers;
  std::ranges::sort(sorted);
  const auto selected = selected_combinations(scenarios, servers);
  const auto all = all_combinations(scenarios, servers);
  std::string out = head;
  out += "| case | what happens |";
  for (const int server : sorted) out += fmt::format(" {} |", server);
  for (const auto& [kind, name] : shown_kinds) out += fmt::format(" {} |", name);
  out += " also |\n|---|---|";
  for (std::size_t i = 0; i < sorted.size() + shown_kinds.size(); ++i) out += "---|";
  out += "---|\n";
  for (const auto& scenario : scenarios) {
    const Row row(scenario, selected, all);
    out += fmt::format("| [{0}](../test/scenario/{0}.test) | {1} |", scenario.file.stem().string(),
                       first_sentence(scenario));
    for (const int server : sorted) out += fmt::format(" {} |", row.on(server));
    for (const auto& [kind, name] : shown_kinds) out += fmt::format(" {} |", row.into(kind));
    out += fmt::format(" {} |\n", row.ways());
  }
  return out;
}

}  // namespace walbrook::test
