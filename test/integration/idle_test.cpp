// A run that follows and has nothing to do: how often it wakes, and that it wakes at once when something arrives.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr std::chrono::seconds watched{10};
// What remains: a status and its answer every two seconds, a check of the destination every second, and every three
// seconds two queries of the catalog poll, which finds that no transaction has ended.
constexpr double wakes_a_second_at_most = 5;
constexpr double commit_lag_ms_at_most = 500;  // a tenth of that on an otherwise idle machine

// Returns how often each thread of a process gave up its core to wait, by the thread's ID.
std::map<std::string, long> waits_of_threads(pid_t process) {
  std::map<std::string, long> waits;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      constexpr std::string_view field = "voluntary_ctxt_switches:";
      if (line.starts_with(field)) waits[task.path().filename()] = std::stol(line.substr(field.size()));
    }
  }
  return waits;
}

TEST(IdleTest, a_run_that_has_nothing_to_do_wakes_five_times_a_second_at_most) {
  // The autovacuum of other tests' databases writes WAL, whose end the run follows.
  PostgresServer server({.settings = {"autovacuum=off"}});
  ReplicatedDatabase database(server);
  database.exec("CREATE TABLE items (id int PRIMARY KEY)");
  Process run(database.pipeline.command("run", {"--follow"}));
  database.exec("INSERT INTO items VALUES (1)");
  ASSERT_TRUE(database.pipeline.arrives("SELECT count(*) FROM public.items", "1")) << run.err();
  std::this_thread::sleep_for(std::chrono::seconds(3));  // DuckDB's threads give their memory back

  const auto before = waits_of_threads(run.pid());
  std::this_thread::sleep_for(watched);
  const auto after = waits_of_threads(run.pid());
  long wakes = 0;
  std::string by_thread;
  for (const auto& [thread, waits] : after) {
    const auto known = before.find(thread);
    const long more = waits - (known == before.end() ? 0 : known->second);
    wakes += more;
    if (more > 0) by_thread += fmt::format(" {}: {}", thread, more);
  }
  const double a_second = static_cast<double>(wakes) / static_cast<double>(watched.count());
  RecordProperty("wakes_a_second", std::to_string(a_second));
  EXPECT_LE(a_second, wakes_a_second_at_most) << "by thread, in " << watched.count() << " s:" << by_thread;
  EXPECT_GT(wakes, 0) << "it answers the server's keepalives";

  // A commit does not wait for any of the timers that keep the run idle.
  database.exec("INSERT INTO items VALUES (2)");
  ASSERT_TRUE(database.pipeline.arrives("SELECT count(*) FROM public.items", "2")) << run.err();
  EXPECT_LT(database.pipeline.status().at("last_commit_lag_ms").get<double>(), commit_lag_ms_at_most);
  run.signal(15);
  EXPECT_TRUE(run.wait(milliseconds(30'000)).succeeded()) << run.err();
  EXPECT_EQ(database.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
