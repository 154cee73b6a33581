// walbrook as the only synchronous standby: commits wait for it, but no longer than necessary.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/lsn.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

using std::chrono::steady_clock;

class Synchronous : public ::testing::Test {
 protected:
  Synchronous() : server(), db(server), follower_(nullptr) {
    db.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE unpublished(id int)");
    db.exec("CREATE PUBLICATION walbrook FOR TABLE t");
    follower_ = std::make_unique<Process>(db.pipeline.command("run", {"--follow"}));
  }
  void SetUp() override {
    const auto streams = [&] {
      return db.value("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1";
    };
    ASSERT_TRUE(eventually(streams, milliseconds(20'000))) << follower_->err();
    ASSERT_TRUE(eventually([&] { return asked("SELECT count(*) FROM public.t") == "0"; }, milliseconds(20'000)));
    db.exec("ALTER SYSTEM SET synchronous_standby_names = '*'");
    db.exec("SELECT pg_reload_conf()");
    ASSERT_TRUE(eventually(
        [&] {
          return db.value("SELECT sync_state FROM pg_stat_replication WHERE application_name = 'walbrook'") == "sync";
        },
        milliseconds(10'000)));
    std::this_thread::sleep_for(milliseconds(4'000));  // a catalog poll informs the run
  }
  void TearDown() override {
    Sql session(db.conninfo());
    session.exec("SET synchronous_commit = local");
    session.exec("ALTER SYSTEM RESET synchronous_standby_names");
    session.exec("SELECT pg_reload_conf()");
    follower_->signal(SIGTERM);
    EXPECT_EQ(follower_->wait(milliseconds(10'000)).exit_code, 0) << follower_->err();
    EXPECT_EQ(db.differences(), "");
  }
  [[nodiscard]] std::string asked(const std::string& sql) const {
    const auto answer = run(db.pipeline.command("sql", {"--csv", sql}));
    const auto line = answer.out.find('\n');
    return line == std::string::npos ? "" : answer.out.substr(line + 1, answer.out.size() - line - 2);
  }
  // Returns how long these statements take, each committed separately.
  static milliseconds time_of(Sql& session, const std::string& sql, int times) {
    const auto began = steady_clock::now();
    for (int i = 0; i < times; ++i) session.exec(fmt::format(fmt::runtime(sql), i));
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  }

  PostgresServer server;
  ReplicatedDatabase db;
  std::unique_ptr<Process> follower_;
};

TEST_F(Synchronous, commits_do_not_wait_for_the_next_second) {
  Sql session(db.conninfo());
  session.exec("SET synchronous_commit = on");
  EXPECT_LT(time_of(session, "INSERT INTO t VALUES ({})", 20), milliseconds(10'000));
  EXPECT_LT(time_of(session, "INSERT INTO unpublished VALUES ({})", 20), milliseconds(10'000));
  // What was committed in this way is there for the next reader: nothing is reported that is not durable.
  for (const auto* how : {"remote_apply", "remote_write"}) {
    session.exec(fmt::format("SET synchronous_commit = {}", how));
    for (int i = 0; i < 3; ++i) {
      session.exec("INSERT INTO t SELECT max(id) + 1 FROM t");
      EXPECT_EQ(asked("SELECT max(id) FROM public.t"), session.value("SELECT max(id) FROM t")) << how;
    }
  }
}

}  // namespace
}  // namespace walbrook::test
