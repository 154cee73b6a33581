// What a copy holds back in the source while it runs: row versions, and no WAL.
//
// The copy is kept from ending: its backend in the server is stopped and continued for a moment, again and again, until
// enough WAL is written. The WAL is written in steps, each of which is followed to its end, so that what the slots hold
// depends on the copy's method and not on the machine's speed.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr std::int64_t megabyte = std::int64_t{1} << 20U;
constexpr int steps = 12;
constexpr int step_megabytes = 16;
// Two steps, because the server advances a slot's restart_lsn only once a position after the next checkpoint is
// confirmed.
constexpr std::int64_t checkpoints_worth = 2 * step_megabytes * megabyte;
constexpr std::int64_t held_at_most = 64 * megabyte + checkpoints_worth;

// Stops the backend of a COPY except for a moment four times a second, until the backend ends.
class SlowCopy {
 public:
  explicit SlowCopy(const std::string& conninfo)
      : thread_([this, conninfo](const std::stop_token& stop) {
          Sql sql(conninfo);
          while (!stop.stop_requested()) {
            const auto pid = sql.value(
                "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE "
                "'COPY %' AND state = 'active'");
            const auto backend = static_cast<pid_t>(std::stol(pid));
            if (backend > 0) kill(backend, SIGSTOP);
            if (backend > 0) seen_ = true;
            std::this_thread::sleep_for(milliseconds(backend > 0 ? 240 : 5));
            if (backend > 0) kill(backend, SIGCONT);
            std::this_thread::sleep_for(milliseconds(1));
          }
        }) {}
  [[nodiscard]] bool seen() const { return seen_; }

 private:
  std::atomic<bool> seen_{false};
  std::jthread thread_;
};

class CopyHolds : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (bin_dir_.empty()) GTEST_SKIP() << "PostgreSQL " << GetParam() << " is not installed (tools/install-servers)";
    server_ = std::make_unique<PostgresServer>(ServerOptions{.settings = {"max_wal_size=4GB"}, .bin_dir = bin_dir_});
    db_ = std::make_unique<ReplicatedDatabase>(*server_);
    db_->pipeline.flags = {"--snapshot-workers", "1"};
    db_->exec(
        "CREATE TABLE big(id int PRIMARY KEY, n int, t text); "
        "INSERT INTO big SELECT g, 0, repeat(md5(g::text), 20) FROM generate_series(1, 90000) g; "
        "CREATE TABLE small(id int PRIMARY KEY, n int); INSERT INTO small VALUES (1, 0); ANALYZE big");
  }

  [[nodiscard]] std::int64_t held(Sql& sql) const {
    return std::stoll(
        sql.value("SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0)::bigint FROM "
                  "pg_replication_slots WHERE slot_name LIKE 'walbrook%'"));
  }
  // True if everything committed so far is durable in the target, and the server knows it.
  [[nodiscard]] bool is_confirmed(Sql& sql) const {
    const auto now = sql.value("SELECT pg_current_wal_lsn()");
    return eventually(
        [&] {
          return sql.value(fmt::format("SELECT confirmed_flush_lsn >= '{}' FROM pg_replication_slots WHERE slot_name = "
                                       "'{}'",
                                       now, db_->pipeline.slot)) == "t";
        },
        milliseconds(20'000));
  }

  const std::string bin_dir_ = GetParam() == 0 ? default_bin_dir() : installed_bin_dir(GetParam());
  std::unique_ptr<PostgresServer> server_;
  std::unique_ptr<ReplicatedDatabase> db_;
};

TEST_P(CopyHolds, no_wal_however_long_it_lasts) {
  Process follower(db_->pipeline.command("run", {"--follow"}));
  Sql sql(db_->conninfo());
  std::int64_t most = 0;
  {
    const SlowCopy slow(db_->conninfo());
    ASSERT_TRUE(eventually([&] { return slow.seen(); }, milliseconds(20'000))) << follower.err();
    for (int step = 0; step < steps; ++step) {
      sql.exec(
          fmt::format("SELECT pg_logical_emit_message(false, 'wal', repeat('x', 1000000)) FROM "
                      "generate_series(1, {})",
                      step_megabytes));
      most = std::max(most, held(sql));
      sql.exec(
          fmt::format("UPDATE big SET n = n + 1 WHERE id % 90 = {0}; DELETE FROM big WHERE id = {0} * 7; "
                      "INSERT INTO big VALUES (200000 + {0}, 1, 'new')",
                      step));
      sql.exec("CHECKPOINT");
      sql.exec("UPDATE small SET n = n + 1");
      ASSERT_TRUE(is_confirmed(sql)) << "the slot does not move during the copy\n" << follower.err();
      most = std::max(most, held(sql));
      if (step != steps / 2) continue;
      auto told = db_->pipeline.status()["copy_snapshot"];
      if (told.is_null()) told = nlohmann::json::object();
      EXPECT_GT(told.value("seconds", 0.0), 0) << told;
      EXPECT_EQ(sql.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                          "backend_xmin::text = " +
                          quote_literal(told.value("xmin", ""))),
                "1")
          << told;
    }
    ASSERT_EQ(sql.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE "
                        "'COPY %' AND state = 'active'"),
              "1")
        << "the copy ended before the WAL was written";
  }
  EXPECT_LE(most, held_at_most) << "the slots held " << most / megabyte << " MB of WAL during the copy";
  RecordProperty("held_megabytes", static_cast<int>(most / megabyte));
  ASSERT_TRUE(eventually(
      [&] {
        auto told = db_->pipeline.status();
        return told["phase"] == "streaming" && told["copy_snapshot"].is_null();
      },
      milliseconds(40'000)))
      << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db_->differences(), "");
  EXPECT_EQ(db_->slot_past_checkpoint(), "");
}

std::string server_name(const ::testing::TestParamInfo<int>& info) {
  return info.param == 0 ? "Debian" : std::to_string(info.param);
}

INSTANTIATE_TEST_SUITE_P(Servers, CopyHolds, ::testing::Values(0, 18), server_name);
// run-tests --all-servers
INSTANTIATE_TEST_SUITE_P(OtherServers, CopyHolds, ::testing::Values(14, 16, 17), server_name);

}  // namespace
}  // namespace walbrook::test
