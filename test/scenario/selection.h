// Which tests there are: a scenario, a configuration, a destination and a server each. All of them take hours, so a
// test run takes a selection.
//
// - Each file runs in each of its configurations into DuckDB, unless it is for other destinations alone, with the
//   defaults into one other destination (the next file into one of the next kind), and as its words name it. Files with
//   `smoke` run into one destination of every kind. Of the run modes of a schema change it takes one with kills, and
//   for every other file one without: the next file takes the next mode.
// - Each of these runs on one server, and all servers get about as many.
// - Over all files, every pair of a server and a destination, of a server and a configuration, and of a configuration
// and
//   a kind of destination is covered at least once.
#pragma once

#include <vector>

#include "test/scenario/configurations.h"
#include "test/scenario/scenario_file.h"

namespace walbrook::test {

struct Combination {
  const Scenario* scenario;
  const Configuration* configuration;
  const TestedDestination* destination;
  int server;  // a major version
};

// Whether the file may run in this way, as its words and the configuration say.
[[nodiscard]] bool runs_in(const Scenario& scenario, const Configuration& configuration);
[[nodiscard]] bool runs_into(const Scenario& scenario, const TestedDestination& destination);
// Whether `also` names the test.
[[nodiscard]] bool is_named(const Scenario& scenario, const Configuration& configuration,
                            const TestedDestination& destination);
[[nodiscard]] bool runs_on(const Scenario& scenario, const Configuration& configuration, int server);

// The pointers in the result point into `scenarios` and the tables of configurations.h.
[[nodiscard]] std::vector<Combination> all_combinations(const std::vector<Scenario>& scenarios,
                                                        const std::vector<int>& servers);
// Returns the same selection for the same files and servers. With `on_all_servers`, each of its runs is on every
// server.
[[nodiscard]] std::vector<Combination> selected_combinations(const std::vector<Scenario>& scenarios,
                                                             const std::vector<int>& servers,
                                                             bool on_all_servers = false);

}  // namespace walbrook::test
