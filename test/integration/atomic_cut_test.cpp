// P1: a reader sees whole transactions over all tables at every moment, and the position that it gets never goes back.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/lsn.h"
#include "test/support/pgbench.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// Queries through `walbrook sql` until `load` has ended: every answer must satisfy `holds`, and LSNs must not go back.
template <class Holds>
int ask_while(const ReplicatedDatabase& db, Process& load, const std::string& sql, Holds holds) {
  Lsn last;
  int answers = 0;
  while (load.running() && !::testing::Test::HasFailure()) {
    const auto result = run(db.pipeline.command("sql", {"--json", sql}));
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    if (result.exit_code != 0) break;
    const auto answer = nlohmann::json::parse(result.out);
    const auto lsn = Lsn::parse(answer.at("lsn").get<std::string>()).value_or(Lsn{});
    EXPECT_GE(lsn, last) << "the position went back to " << lsn.to_string();
    last = lsn;
    holds(answer.at("rows").at(0));
    ++answers;
  }
  return answers;
}

// A cut covers streaming tables; one that is still being copied may become visible later than another.
bool all_stream(const ReplicatedDatabase& db) {
  const auto streaming = [&] {
    const auto result = run(db.pipeline.command("status", {"--json"}));
    if (result.exit_code != 0) return false;
    const auto tables = nlohmann::json::parse(result.out).at("tables");
    return tables.size() == 4 &&
           std::ranges::all_of(tables, [](const auto& table) { return table.at("state") == "streaming"; });
  };
  return eventually(streaming, milliseconds(60'000));
}

void expect_sound_end(const ReplicatedDatabase& db, Process& load, Process& follower) {
  EXPECT_EQ(load.wait(milliseconds(30'000)).exit_code, 0) << load.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST(AtomicCut, p1_money_is_moved_and_the_total_stays) {
  const ReplicatedDatabase db;
  pgbench_initialize(db.server(), db.name(), 1);
  const auto script = db.folder() / "move.sql";
  write_file(script,
             "\\set giver random(1, 100000)\n\\set taker random(1, 100000)\n\\set sum random(1, 1000)\n"
             "BEGIN;\nUPDATE pgbench_accounts SET abalance = abalance - :sum WHERE aid = :giver;\n"
             "UPDATE pgbench_accounts SET abalance = abalance + :sum WHERE aid = :taker;\nEND;\n");
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(all_stream(db)) << follower.err();
  Process load(pgbench_command(db.server(), db.name(), {"-n", "-c", "4", "-T", "12", "-f", script.string()}));
  const int answers =
      ask_while(db, load, "SELECT sum(abalance)::BIGINT AS total, count(*) AS n FROM public.pgbench_accounts",
                [](const nlohmann::json& row) {
                  EXPECT_EQ(row.at("total").get<long>(), 0);
                  EXPECT_EQ(row.at("n").get<long>(), 100000);
                });
  EXPECT_GT(answers, 20);
  expect_sound_end(db, load, follower);
}

// pgbench's own transaction writes the same sum into four tables, so they agree in every cut.
TEST(AtomicCut, p1_four_tables_agree_at_every_moment) {
  const ReplicatedDatabase db;
  pgbench_initialize(db.server(), db.name(), 1);
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(all_stream(db)) << follower.err();
  Process load(pgbench_command(db.server(), db.name(), {"-n", "-c", "4", "-T", "12"}));
  const int answers = ask_while(
      db, load,
      "SELECT (SELECT sum(abalance)::BIGINT FROM public.pgbench_accounts) AS a, (SELECT sum(bbalance)::BIGINT FROM "
      "public.pgbench_branches) AS b, (SELECT sum(tbalance)::BIGINT FROM public.pgbench_tellers) AS t, "
      "(SELECT coalesce(sum(delta), 0)::BIGINT FROM public.pgbench_history) AS h",
      [](const nlohmann::json& row) {
        EXPECT_EQ(row.at("a").get<long>(), row.at("b").get<long>());
        EXPECT_EQ(row.at("a").get<long>(), row.at("t").get<long>());
        EXPECT_EQ(row.at("a").get<long>(), row.at("h").get<long>());
      });
  EXPECT_GT(answers, 20);
  expect_sound_end(db, load, follower);
}

}  // namespace
}  // namespace walbrook::test
