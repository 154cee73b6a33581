// The command of the simulation.
//
//   sim                                  runs the tests
//   sim --seeds N                        runs seeds 1 to N, and prints a table of what happened
//   sim --seed S [--trace]               runs one seed; --trace prints each step and the engine's log
//   sim … --planted FAULT                plants a fault in the engine (base/planted.h)
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "test/sim/simulation.h"

namespace walbrook::sim {
namespace {

struct Request {
  SimulationOptions one;
  std::uint64_t seeds = 0;
  bool is_test = true;
};

planted::Fault fault_named(std::string_view name) {
  const auto found = std::ranges::find(planted::faults, name, &planted::NamedFault::name);
  if (found != planted::faults.end()) return found->fault;
  fmt::print(stderr, "no fault is called {}\n", name);
  std::exit(2);
}

Request parse(int count, char** words) {
  Request request;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const char* const value = i + 1 < count ? words[i + 1] : "";
    if (word == "--trace") request.one.traced = true;
    if (word == "--seed") request.one.seed = std::strtoull(value, nullptr, 10);
    if (word == "--seeds") request.seeds = std::strtoull(value, nullptr, 10);
    if (word == "--planted") request.one.fault = fault_named(value);
    request.is_test = request.is_test && word != "--seed" && word != "--seeds";
  }
  return request;
}

int run_one(const SimulationOptions& options) {
  const auto result = simulate(options);
  fmt::print("seed {}: {} commits, {} crashes, {} tables compared, {} descriptions followed\n", options.seed,
             result.commits, result.crashes, result.compared_tables, result.followed_commands);
  if (result.violation.empty()) return 0;
  fmt::print("{}\n", result.violation);
  return 1;
}

int run_all(const Request& request) {
  std::uint64_t failed = 0;
  Tally tally;
  for (std::uint64_t seed = 1; seed <= request.seeds; ++seed) {
    auto options = request.one;
    options.seed = seed;
    const auto result = simulate(options);
    tally.add(result.tally);
    if (result.violation.empty()) continue;
    ++failed;
    fmt::print("seed {}: {}\n", seed, result.violation);
  }
  fmt::print("{}", tally.table());
  fmt::print("{} of {} seeds fail\n", failed, request.seeds);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace walbrook::sim

int main(int count, char** words) {
  ::testing::InitGoogleTest(&count, words);
  const auto request = walbrook::sim::parse(count, words);
  spdlog::set_pattern("%v");
  spdlog::set_level(request.one.traced ? spdlog::level::info : spdlog::level::off);
  if (request.is_test) return RUN_ALL_TESTS();
  return request.seeds > 0 ? walbrook::sim::run_all(request) : walbrook::sim::run_one(request.one);
}
