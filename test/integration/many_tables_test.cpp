// 2,000 tables, 200 of them changing: the cost of a start, and that no table has its own thread or connection.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr int table_count = 2'000;
constexpr int changing = 200;
constexpr int threads_at_most = 40;
constexpr int connections_at_most = 12;

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

// By hundreds: all in one transaction would need more locks than the server has room for.
void make_many_tables(const ReplicatedDatabase& db) {
  Sql sql(db.conninfo());
  for (int begin = 1; begin <= table_count; begin += 100) {
    sql.exec(fmt::format(
        "DO $$BEGIN FOR i IN {}..{} LOOP "
        "EXECUTE format('CREATE TABLE t%s(id int PRIMARY KEY, v text, n numeric(10,2), at timestamptz)', i); "
        "EXECUTE format('INSERT INTO t%s SELECT g, %L, g, now() FROM generate_series(1, 3) g', i, 'table ' || i); "
        "END LOOP; END$$",
        begin, begin + 99));
  }
  sql.exec("CREATE PUBLICATION walbrook FOR ALL TABLES");
}

void change_tables(const ReplicatedDatabase& db, int round) {
  db.exec(
      fmt::format("DO $$BEGIN FOR i IN 1..{} LOOP "
                  "EXECUTE format('UPDATE t%s SET v = v || %L', i * {}, ' changed'); "
                  "EXECUTE format('INSERT INTO t%s VALUES (%s, NULL, 1, now())', i * {}, {}); END LOOP; END$$",
                  changing, table_count / changing, table_count / changing, 100 + round));
}

int threads_of(pid_t pid) {
  std::istringstream status(read_file(fmt::format("/proc/{}/status", pid)));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Threads:")) return std::stoi(line.substr(8));
  }
  return 0;
}

int connections_to(const ReplicatedDatabase& db) {
  return std::stoi(
      db.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
               "application_name = 'walbrook'"));
}

TEST(ManyTables, a_start_is_quick_and_no_table_has_a_thread_or_connection_of_its_own) {
  const ReplicatedDatabase db;
  make_many_tables(db);
  auto begin = steady_clock::now();
  auto result = db.pipeline.run({}, {}, milliseconds(300'000));
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const double copy_seconds = seconds_since(begin);
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM _walbrook.outputs WHERE state = 'streaming'"),
            std::to_string(table_count));

  change_tables(db, 1);
  begin = steady_clock::now();
  result = db.pipeline.run();
  const double start_seconds = seconds_since(begin);
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  // Nothing is copied again. On two cores this takes 3 s instead of 28 s, which a busy machine may stretch.
  EXPECT_LT(start_seconds, copy_seconds / 2) << result.describe();

  Process follower(db.pipeline.command("run", {"--follow"}));
  const auto arrived = [&](int round) {
    return eventually(
        [&] {
          const auto answer = run(db.pipeline.command(
              "sql",
              {"--csv", fmt::format("SELECT count(*) FROM public.t{} WHERE id = {}", table_count, 100 + round)}));
          return answer.exit_code == 0 && answer.out.ends_with("1\n");
        },
        milliseconds(30'000));
  };
  int most_threads = 0;
  int most_connections = 0;
  for (int round = 2; round <= 4; ++round) {
    change_tables(db, round);
    ASSERT_TRUE(arrived(round)) << follower.err();
    most_threads = std::max(most_threads, threads_of(follower.pid()));
    most_connections = std::max(most_connections, connections_to(db));
  }
  EXPECT_GT(most_threads, 0);
  EXPECT_LE(most_threads, threads_at_most);
  EXPECT_LE(most_connections, connections_at_most);
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
  std::printf("2,000 tables: copied in %.1f s, started and 200 of them changed in %.1f s, %d threads, %d connections\n",
              copy_seconds, start_seconds, most_threads, most_connections);
}

}  // namespace
}  // namespace walbrook::test
