// How a scenario runs: the configurations, and the destinations into which it is replicated. A test combines a
// scenario, a configuration, a destination and a server (selection.h).
#pragma once

#include <string>
#include <vector>

namespace walbrook::test {

// Schema changes reach walbrook in more ways than rows do, so there are three ways to combine a run with the SQL.
// Files with `schema_changes` run in each mode with each form of the stream and with kills, combined pairwise: for any
// two options, every combination is in one of the configurations with `pairwise`.
enum class RunMode {
  between,    // SQL while no run is at work, then a run to its end
  followed,   // SQL while `run --follow` is at work; each `run` ends it once it has applied
              // everything, then starts it again
  restarted,  // as `between`, with one more, unchecked run in the middle of each section `changes`
};

struct Configuration {
  std::string name;
  std::vector<std::string> flags;
  RunMode mode = RunMode::between;
  bool killed = false;            // after some commits, repeatedly
  bool pairwise = false;          // one of those for `schema_changes`
  bool only_where_named = false;  // for files with `also` or `only`: other files would repeat the same
  int first_server = 0;           // older servers do not support it

  // Every change is a load: at a destination that takes tens of milliseconds for one, files do not end in time.
  [[nodiscard]] bool loads_each_change() const;
};
[[nodiscard]] const std::vector<Configuration>& configurations();

struct TestedDestination {
  enum class Kind { duckdb, postgresql, files, ducklake };
  std::string name;
  Kind kind = Kind::duckdb;
  std::vector<std::string> flags{};
  std::string format{};           // of files; of a lake: where its catalog is
  bool compacted = false;         // `walbrook compact` after each run
  bool only_where_named = false;  // every file can run into it, but a test run takes those with `also to_NAME`

  [[nodiscard]] bool takes(const Configuration& configuration) const;
};
[[nodiscard]] const std::vector<TestedDestination>& tested_destinations();

// Returns the name of the test: "text", "text_to_postgresql", "to_postgresql" for the defaults.
[[nodiscard]] std::string test_name(const Configuration& configuration, const TestedDestination& destination);

}  // namespace walbrook::test
