// A lake under churn with deletes and maintenance stays equal to the source: 3 minutes in a test run, half an hour for
// each way of keeping rows with `./run-tests --soak` (WALBROOK_SOAK_MINUTES). The lake is compared at every
// check_interval, while the run holds it.
//
// Rows of `item` are found by their key, those of `bag` by their content. Deleted rows are in Parquet files, in files
// of deletions and in the catalog, and each maintenance moves some from one to another. Every third round ends the run
// and starts it again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds check_interval{30};

std::chrono::seconds lake_soak_time() {
  const char* text = std::getenv("WALBROOK_SOAK_MINUTES");
  constexpr std::chrono::seconds by_default{90};  // twice
  constexpr std::chrono::minutes at_most{30};
  if (text == nullptr) return by_default;
  return std::min(std::chrono::minutes(std::atol(text)), at_most);
}

// Small transactions and, now and then, one of thousands of rows or a TRUNCATE.
class Churn {
 public:
  explicit Churn(const std::string& conninfo, std::uint64_t seed) : sql_(conninfo), random_(seed) {}

  void transaction() {
    const int dice = number(100);
    sql_.exec("BEGIN");
    if (dice == 0) sql_.exec("TRUNCATE bag");
    if (dice < 3) {
      sql_.exec(
          fmt::format("INSERT INTO item SELECT g, {0}, md5(g::text), g / 7.0 FROM generate_series({1}, {1} + 3000) "
                      "g ON CONFLICT (id) DO UPDATE SET n = {0}",
                      number(1000), number(50'000)));
      sql_.exec(fmt::format("DELETE FROM item WHERE id % 11 = {}", number(11)));
    }
    for (int i = number(4); i >= 0; --i) small_change();
    sql_.exec("COMMIT");
  }
  // A last transaction, by which the copy shows that it has all of them.
  void mark(int round) {
    sql_.exec(fmt::format("INSERT INTO item VALUES (-1, {0}, '', 0) ON CONFLICT (id) DO UPDATE SET n = {0}", round));
  }

 private:
  int number(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  void small_change() {
    const int id = number(50'000);
    switch (number(5)) {
      case 0:
        return sql_.exec(
            fmt::format("INSERT INTO item VALUES ({0}, 1, repeat(md5('{0}'), 20), random()) ON CONFLICT (id) "
                        "DO UPDATE SET n = item.n + 1",
                        id));
      case 1:
        return sql_.exec(fmt::format("UPDATE item SET n = n + 1 WHERE id BETWEEN {0} AND {0} + 20", id));
      case 2:
        return sql_.exec(fmt::format("DELETE FROM item WHERE id BETWEEN {0} AND {0} + 10", id));
      case 3:
        return sql_.exec(fmt::format("INSERT INTO bag SELECT {}, 'equal', ARRAY[1, 2] FROM generate_series(1, {})",
                                     number(40), 1 + number(5)));
      default:
        return sql_.exec(
            fmt::format("DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag WHERE a = {})", number(40)));
    }
  }

  Sql sql_;
  std::mt19937_64 random_;
};

class LakeSoak : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
    db_.exec(
        "CREATE TABLE item(id int PRIMARY KEY, n int, body text, f float8); CREATE TABLE bag(a int, b text, l int[]); "
        "ALTER TABLE bag REPLICA IDENTITY FULL; "
        "INSERT INTO item SELECT g, 0, md5(g::text), g / 3.0 FROM generate_series(1, 20000) g; "
        "INSERT INTO bag SELECT g % 40, 'equal', ARRAY[g % 3] FROM generate_series(1, 2000) g");
  }
  void start() {
    follower_ = std::make_unique<Process>(
        db_.pipeline.command("run", {"--follow", "--maintenance-interval", "5", "--inline-rows", GetParam()}));
  }
  void stop() {
    follower_->signal(SIGTERM);
    const auto ended = follower_->wait(milliseconds(60'000));
    EXPECT_EQ(ended.exit_code, 0) << ended.describe();
  }
  [[nodiscard]] bool has_arrived(int round) const {
    return eventually(
        [&] {
          return has_lake(db_.comparison.ducklake) &&
                 db_.copied_value(
                     "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'public' AND table_name = "
                     "'item'") == "1" &&
                 db_.copied_value("SELECT n FROM public.item WHERE id = -1") == std::to_string(round);
        },
        milliseconds(120'000));
  }

  ReplicatedDatabase db_{PostgresServer::shared(), CopiedTo::lake_in_database};
  std::unique_ptr<Process> follower_;
};

TEST_P(LakeSoak, p1_churn_with_deletes_and_maintenance_stays_equal) {
  const auto until = steady_clock::now() + lake_soak_time();
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Churn churn(db_.conninfo(), seed);
  start();
  for (int round = 1; steady_clock::now() < until; ++round) {
    const auto pause = std::min(steady_clock::now() + check_interval, until);
    while (steady_clock::now() < pause) churn.transaction();
    churn.mark(round);
    ASSERT_TRUE(has_arrived(round)) << follower_->err();
    ASSERT_EQ(db_.differences(), "") << "round " << round << "\n" << follower_->err();
    if (round % 3 != 0 || steady_clock::now() >= until) continue;
    stop();
    start();
  }
  stop();
  EXPECT_EQ(db_.differences(), "");
  EXPECT_EQ(db_.slot_past_checkpoint(), "");
}

// With rows in the catalog, and with files alone.
INSTANTIATE_TEST_SUITE_P(InlineRows, LakeSoak, ::testing::Values("1000", "0"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace walbrook::test
