#include "test/scenario/selection.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace walbrook::test {
namespace {

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::count(list, name) > 0;
}

std::set<TestedDestination::Kind> kinds() {
  std::set<TestedDestination::Kind> found;
  for (const auto& destination : tested_destinations()) found.insert(destination.kind);
  return found;
}

class Selection {
 public:
  Selection(const std::vector<Scenario>& scenarios, const std::vector<int>& servers)
      : scenarios_(scenarios), servers_(servers) {}

  std::vector<Combination> take() && {
    for (std::size_t i = 0; i < scenarios_.size(); ++i) {
      select_modes(scenarios_[i], i);
      select_destinations(scenarios_[i], i);
    }
    for (const auto& configuration : configurations()) {
      for (const auto kind : kinds()) complete(configuration, kind);
    }
    for (const int server : servers_) complete(server);
    return std::move(selected_);
  }

 private:
  void select_modes(const Scenario& scenario, std::size_t turn) {
    if (!runs_into(scenario, tested_destinations().front())) return;
    std::vector<const Configuration*> killed, unharmed;
    for (const auto& configuration : configurations()) {
      if (!runs_in(scenario, configuration)) continue;
      if (scenario.schema_changes && configuration.pairwise && configuration.name != "defaults") {
        (configuration.killed ? killed : unharmed).push_back(&configuration);
      } else {
        select(scenario, configuration, tested_destinations().front());
      }
    }
    if (!scenario.schema_changes) return;
    select(scenario, *killed[turn % killed.size()], tested_destinations().front());
    if (turn % 2 == 0) select(scenario, *unharmed[turn / 2 % unharmed.size()], tested_destinations().front());
  }

  // The destinations other than DuckDB: those that the file names, and one of the others, the next file one of the next
  // kind; with `smoke`, one of each kind.
  void select_destinations(const Scenario& scenario, std::size_t turn) {
    const auto& defaults = configurations().front();
    std::map<TestedDestination::Kind, std::vector<const TestedDestination*>> others;
    for (const auto& destination : tested_destinations()) {
      if (&destination == &tested_destinations().front()) continue;
      for (const auto& configuration : configurations()) {
        if (is_named(scenario, configuration, destination)) select(scenario, configuration, destination);
      }
      const bool takes =
          !destination.only_where_named && runs_in(scenario, defaults) && runs_into(scenario, destination);
      if (takes && !is_named(scenario, defaults, destination)) others[destination.kind].push_back(&destination);
    }
    std::size_t kind = 0;
    for (const auto& [_, destinations] : others) {
      const bool is_next = kind++ == turn % others.size();
      if (!scenario.smoke && !is_next) continue;
      select(scenario, defaults, *destinations[turn / others.size() % destinations.size()]);
    }
  }

  // Selects the combination, on the server that completes the most pairs; else on the one that is used the least, by
  // this file and at all.
  void select(const Scenario& scenario, const Configuration& configuration, const TestedDestination& destination) {
    std::optional<Combination> best;
    std::tuple<int, int, int> least_cost;
    for (const int server : servers_) {
      if (!runs_on(scenario, configuration, server)) continue;
      const bool new_to_server = !on_server_.contains({server, configuration.name});
      const bool new_destination = !on_server_.contains({server, destination.name});
      const std::tuple cost{-(new_to_server ? 1 : 0) - (new_destination ? 1 : 0), uses_of_file_[{&scenario, server}],
                            uses_[server]};
      if (best && cost >= least_cost) continue;
      least_cost = cost;
      best = Combination{&scenario, &configuration, &destination, server};
    }
    if (best) add(*best);
  }

  void add(const Combination& one) {
    on_server_.insert({one.server, one.configuration->name});
    on_server_.insert({one.server, one.destination->name});
    into_kind_.insert({one.configuration->name, one.destination->kind});
    ++uses_of_destination_[one.destination];
    ++uses_of_file_[{one.scenario, one.server}];
    ++uses_[one.server];
    ++extra_[one.scenario];
    selected_.push_back(one);
  }

  // Returns the file with the fewest tests of those that can run in this way; nullptr: there is none.
  template <class Suits>
  const Scenario* file_where(const Suits& suits) {
    const Scenario* found = nullptr;
    for (const auto& scenario : scenarios_) {
      if (suits(scenario) && (found == nullptr || extra_[&scenario] < extra_[found])) found = &scenario;
    }
    return found;
  }

  // Takes the destination of this kind into which the fewest tests run.
  void complete(const Configuration& configuration, TestedDestination::Kind kind) {
    if (into_kind_.contains({configuration.name, kind})) return;
    const TestedDestination* destination = nullptr;
    for (const auto& one : tested_destinations()) {
      if (one.kind != kind || !one.takes(configuration)) continue;
      const bool is_rarer = destination == nullptr || uses_of_destination_[&one] < uses_of_destination_[destination];
      if (is_rarer) destination = &one;
    }
    if (destination == nullptr) return;
    const auto* file = file_where([&](const Scenario& scenario) {
      return runs_in(scenario, configuration) && runs_into(scenario, *destination) &&
             std::ranges::any_of(servers_, [&](int server) { return runs_on(scenario, configuration, server); });
    });
    if (file != nullptr) select(*file, configuration, *destination);
  }

  void complete(int server) {
    for (const auto& configuration : configurations()) {
      if (!on_server_.contains({server, configuration.name})) {
        complete(server, configuration, tested_destinations().front());
      }
    }
    for (const auto& destination : tested_destinations()) {
      if (!on_server_.contains({server, destination.name})) complete(server, configurations().front(), destination);
    }
  }

  void complete(int server, const Configuration& configuration, const TestedDestination& destination) {
    const auto* file = file_where([&](const Scenario& scenario) {
      return runs_in(scenario, configuration) && runs_into(scenario, destination) &&
             runs_on(scenario, configuration, server);
    });
    if (file != nullptr) add({file, &configuration, &destination, server});
  }

  const std::vector<Scenario>& scenarios_;
  const std::vector<int>& servers_;
  std::vector<Combination> selected_;
  std::set<std::pair<int, std::string>> on_server_;  // configurations and destinations
  std::set<std::pair<std::string, TestedDestination::Kind>> into_kind_;
  std::map<const TestedDestination*, int> uses_of_destination_;
  std::map<std::pair<const Scenario*, int>, int> uses_of_file_;
  std::map<int, int> uses_;
  std::map<const Scenario*, int> extra_;
};

}  // namespace

bool runs_in(const Scenario& scenario, const Configuration& configuration) {
  if (scenario.schema_changes && configuration.pairwise) return true;
  if (!scenario.only.empty()) return names(scenario.only, configuration.name);
  return !configuration.only_where_named || names(scenario.also, configuration.name);
}

bool runs_into(const Scenario& scenario, const TestedDestination& destination) {
  return scenario.destinations.empty() || names(scenario.destinations, destination.name);
}

bool is_named(const Scenario& scenario, const Configuration& configuration, const TestedDestination& destination) {
  return names(scenario.also, test_name(configuration, destination));
}

bool runs_on(const Scenario& scenario, const Configuration& configuration, int server) {
  return scenario.servers.holds(server) && server >= configuration.first_server;
}

std::vector<Combination> all_combinations(const std::vector<Scenario>& scenarios, const std::vector<int>& servers) {
  std::vector<Combination> all;
  for (const auto& scenario : scenarios) {
    for (const int server : servers) {
      for (const auto& configuration : configurations()) {
        if (!runs_on(scenario, configuration, server)) continue;
        for (const auto& destination : tested_destinations()) {
          const bool runs =
              runs_in(scenario, configuration) && runs_into(scenario, destination) && destination.takes(configuration);
          if (runs || is_named(scenario, configuration, destination)) {
            all.push_back({&scenario, &configuration, &destination, server});
          }
        }
      }
    }
  }
  return all;
}

std::vector<Combination> selected_combinations(const std::vector<Scenario>& scenarios, const std::vector<int>& servers,
                                               bool on_all_servers) {
  auto selected = Selection(scenarios, servers).take();
  if (!on_all_servers) return selected;
  const auto run_of = [](const Combination& one) {
    return std::tuple(one.scenario, one.configuration, one.destination);
  };
  std::set<std::tuple<const Scenario*, const Configuration*, const TestedDestination*>> runs;
  for (const auto& one : selected) runs.insert(run_of(one));
  auto all = all_combinations(scenarios, servers);
  std::erase_if(all, [&](const Combination& one) { return !runs.contains(run_of(one)); });
  return all;
}

}  // namespace walbrook::test
