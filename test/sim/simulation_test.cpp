// The promises hold under every seed, and the simulation notices when the engine breaks one.
#include "test/sim/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/fault.h"

namespace walbrook::sim {
namespace {

constexpr std::uint64_t seeds = 1500;
constexpr std::uint64_t seeds_to_find_a_fault = 1000;

TEST(Simulation, p1_p2_p3_p5_hold_under_every_seed) {
  std::uint64_t crashes = 0;
  std::uint64_t compared = 0;
  std::uint64_t followed = 0;
  Tally tally;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto result = simulate({.seed = seed});
    ASSERT_EQ(result.violation, "") << "repeat it: build/release/test/sim --seed " << seed << " --trace";
    crashes += result.crashes;
    compared += result.compared_tables;
    followed += result.followed_commands;
    tally.add(result.tally);
  }
  EXPECT_GT(crashes, seeds) << "a simulation in which nothing breaks shows nothing";
  EXPECT_GT(compared, 10 * seeds) << "nor one in which no table is compared";
  EXPECT_GT(followed, seeds / 20) << "nor one in which tables that event triggers describe are copied instead";
  for (std::size_t kind = 0; kind < Tally::kinds; ++kind) {
    const auto happening = static_cast<Happening>(kind);
    EXPECT_GT(tally.of(happening), 0U) << "the seeds no longer reach: " << to_string(happening);
  }
  for (const auto point : fault::points) {
    if (!is_simulated(point)) continue;
    EXPECT_GT(tally.crashes_at(point), 0U) << "no engine crashes at " << point;
  }
}

TEST(Simulation, a_seed_gives_the_same_run_each_time) {
  const auto once = simulate({.seed = 4711, .traced = true});
  const auto again = simulate({.seed = 4711, .traced = true});
  EXPECT_FALSE(once.trace.empty());
  EXPECT_EQ(once.trace, again.trace);
}

class PlantedFault : public ::testing::TestWithParam<planted::NamedFault> {};

TEST_P(PlantedFault, is_found) {
  for (std::uint64_t seed = 1; seed <= seeds_to_find_a_fault; ++seed) {
    const auto result = simulate({.seed = seed, .fault = GetParam().fault});
    if (result.violation.empty()) continue;
    RecordProperty("seed", std::to_string(seed));
    RecordProperty("violation", result.violation);
    return;
  }
  FAIL() << GetParam().name << " breaks a promise, and " << seeds_to_find_a_fault << " seeds did not show it";
}

INSTANTIATE_TEST_SUITE_P(Each, PlantedFault, ::testing::ValuesIn(planted::faults),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace walbrook::sim
