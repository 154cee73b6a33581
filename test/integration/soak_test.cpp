// A run that follows a moderate load for an hour: its memory stops growing. `./run-tests --soak` runs it. The variable
// WALBROOK_SOAK_MINUTES sets the duration; without it, the test is skipped.
//
// What may grow for some time belongs to DuckDB, and the growth ends. Its eviction queues keep the handles of blocks
// that are gone (200 bytes each, about 15 for a join) until a queue has some 37,000 of them: tried with a loop of
// nothing but small joins, resident memory grew by 32 MB over the first 10,000, by 10 MB over the next, and by nothing
// from 50,000 to 70,000. It also records which rows of a row group (122,880 rows) were deleted, until all of them were
// and a checkpoint drops the group. Each transaction is therefore a separate load here, and the load fills both within
// the first ten minutes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "test/support/pgbench.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr int transactions_per_second = 200;
constexpr std::chrono::minutes settling{10};
constexpr std::chrono::seconds sample_interval{10};
constexpr double growth_at_most = 1.10;

long resident_kilobytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

std::chrono::minutes soak_time() {
  const char* text = std::getenv("WALBROOK_SOAK_MINUTES");
  return std::chrono::minutes(text != nullptr ? std::atol(text) : 0);
}

TEST(Soak, memory_is_flat_after_ten_minutes) {
  const auto minutes = soak_time();
  if (minutes.count() == 0) GTEST_SKIP() << "WALBROOK_SOAK_MINUTES is not set (./run-tests --soak)";
  ASSERT_GT(minutes, settling) << "the first minutes are not looked at";
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE account(id int PRIMARY KEY, balance bigint, note text); "
      "INSERT INTO account SELECT g, 0, '' FROM generate_series(1, 2000) g; "
      "CREATE TABLE entry(id bigserial PRIMARY KEY, account int, amount bigint, doc jsonb, at timestamptz DEFAULT "
      "now())");
  Process follower(db.pipeline.command("run", {"--follow", "--batch-rows", "3"}));
  const auto script = db.folder() / "load.sql";
  std::ofstream(script) << "\\set id random(1, 2000)\n"
                           "BEGIN;\n"
                           "UPDATE account SET balance = balance + 1, note = md5(random()::text) WHERE id = :id;\n"
                           "INSERT INTO entry(account, amount, doc) VALUES (:id, 1, jsonb_build_object('text', "
                           "repeat(md5(random()::text), 5)));\n"
                           "DELETE FROM entry WHERE id <= (SELECT max(id) - 20000 FROM entry);\n"
                           "COMMIT;\n";
  Process load(pgbench_command(db.server(), db.name(),
                               {"-n", "-f", script.string(), "-c", "4", "-R", std::to_string(transactions_per_second),
                                "-T", std::to_string(std::chrono::seconds(minutes).count())}));
  const auto began = std::chrono::steady_clock::now();
  std::vector<long> settled, last;  // kB: of minutes 10 to 20, and of the last ten
  while (std::chrono::steady_clock::now() - began < minutes) {
    std::this_thread::sleep_for(sample_interval);
    ASSERT_TRUE(follower.running()) << follower.err();
    const auto passed = std::chrono::steady_clock::now() - began;
    if (passed < settling) continue;
    const auto resident = resident_kilobytes(follower.pid());
    if (passed < 2 * settling) settled.push_back(resident);
    if (passed >= minutes - settling) last.push_back(resident);
  }
  ASSERT_FALSE(settled.empty() || last.empty());
  const auto at_first = *std::ranges::max_element(settled);
  const auto at_last = *std::ranges::max_element(last);
  EXPECT_LE(static_cast<double>(at_last), growth_at_most * static_cast<double>(at_first))
      << "resident memory went from " << at_first << " kB to " << at_last << " kB";
  EXPECT_EQ(load.wait(milliseconds(60'000)).exit_code, 0) << load.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
