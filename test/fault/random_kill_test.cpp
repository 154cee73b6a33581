// Kills a run with kill -9 at twenty random moments while pgbench's own load goes on: TPC-B over four tables, of which
// pgbench_history has no key, so that a row applied twice would stay duplicated.
#include <gtest/gtest.h>

#include <random>

#include "test/support/pgbench.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr int kills = 20;
constexpr int seconds_of_load = 25;

class RandomKill : public ::testing::TestWithParam<CopiedTo> {};

TEST_P(RandomKill, p2_twenty_kills_under_pgbench) {
  const ReplicatedDatabase db(PostgresServer::shared(), GetParam());
  pgbench_initialize(db.server(), db.name(), 2);
  Process load(
      pgbench_command(db.server(), db.name(), {"-n", "-c", "4", "-R", "400", "-T", std::to_string(seconds_of_load)}));
  std::mt19937 random(20'240'229);  // fixed: the moments are still as random as the machine's load
  int died = 0;
  for (int i = 0; i < kills; ++i) {
    Process follower(db.pipeline.command("run", {"--follow"}));
    const milliseconds moment(std::uniform_int_distribution<int>(20, 1'200)(random));
    const bool ended = follower.ends_within(moment);
    EXPECT_FALSE(ended) << follower.wait(milliseconds(1)).describe();
    follower.signal(SIGKILL);
    died += follower.wait(milliseconds(10'000)).killed() ? 1 : 0;
    EXPECT_EQ(db.slot_past_checkpoint(), "") << "kill " << i;
  }
  EXPECT_EQ(died, kills);
  EXPECT_EQ(load.wait(milliseconds((seconds_of_load + 30) * 1'000)).exit_code, 0) << load.err();
  const auto result = db.pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "") << result.describe();
  const std::string sums =
      "SELECT (SELECT sum(abalance)::text FROM public.pgbench_accounts) || ' ' || "
      "(SELECT sum(bbalance)::text FROM public.pgbench_branches) || ' ' || "
      "(SELECT sum(tbalance)::text FROM public.pgbench_tellers) || ' ' || "
      "(SELECT sum(delta)::text || ' ' || count(*)::text FROM public.pgbench_history)";
  EXPECT_EQ(db.copied_value(sums), db.value(sums));
}

INSTANTIATE_TEST_SUITE_P(To, RandomKill, ::testing::Values(CopiedTo::file, CopiedTo::database), [](const auto& tested) {
  return std::string(tested.param == CopiedTo::file ? "file" : "database");
});

}  // namespace
}  // namespace walbrook::test
