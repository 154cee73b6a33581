// A destination that is restored from an older or a newer copy of itself between two runs, and one that two walbrooks
// want to write.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <ostream>

#include "test/support/replicated_database.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

struct Kind {
  std::string name;
  CopiedTo to;
  bool lock_is_a_session = false;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

// A destination of that kind, of which copies are kept.
class RestoredDestination : public ::testing::TestWithParam<Kind> {
 protected:
  RestoredDestination() : db(PostgresServer::shared(), GetParam().to) {
    db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')");
  }
  ~RestoredDestination() override {
    for (const auto& name : kept_) Sql(db.server().conninfo()).exec("DROP DATABASE " + name + " WITH (FORCE)");
  }
  void keep(const std::string& name) {
    if (GetParam().to == CopiedTo::database) {
      Sql(db.server().conninfo()).exec("CREATE DATABASE " + copied() + "_" + name + " TEMPLATE " + copied());
      kept_.push_back(copied() + "_" + name);
    } else {
      fs::copy(db.folder().path(), copies_ / name, fs::copy_options::recursive);
    }
  }
  void restore(const std::string& name) const {
    if (GetParam().to == CopiedTo::database) {
      Sql(db.server().conninfo()).exec("DROP DATABASE " + copied() + " WITH (FORCE)");
      Sql(db.server().conninfo()).exec("CREATE DATABASE " + copied() + " TEMPLATE " + copied() + "_" + name);
      return;
    }
    for (const auto& each : fs::directory_iterator(db.folder().path())) fs::remove_all(each);
    fs::copy(copies_ / name, db.folder().path(), fs::copy_options::recursive);
  }
  void expect_run() const {
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db.differences(), "") << result.describe();
  }
  // Every run is refused, and changes no row.
  void expect_refused(const std::string& rows) const {
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_NE(result.err.find("ahead of the replica"), std::string::npos) << result.describe();
    EXPECT_NE(result.err.find("--reset"), std::string::npos) << result.describe();
    EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.t"), rows);
  }
  [[nodiscard]] bool arrives(const std::string& rows) const {
    return db.pipeline.arrives("SELECT count(*) AS n FROM public.t", rows);
  }

  // The database that the destination is, or that its catalog is in; "": there is none.
  [[nodiscard]] std::string copied() const {
    if (!db.comparison.ducklake.empty()) {
      const auto name = db.comparison.ducklake.rfind("dbname=");
      return name == std::string::npos ? "" : db.comparison.ducklake.substr(name + 7);
    }
    const auto& conninfo = db.comparison.copy_conninfo;
    return conninfo.empty() ? "" : conninfo.substr(conninfo.rfind('=') + 1);
  }

  ReplicatedDatabase db;

 private:
  TempFolder copies_{"kept"};
  std::vector<std::string> kept_;
};

class TwoWalbrooks : public RestoredDestination {};

TEST_P(RestoredDestination, p2_what_the_slot_still_has_comes_again) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  keep("older");
  db.exec("UPDATE t SET v = 'b'; INSERT INTO t VALUES (2, 'b')");
  const auto killed = db.pipeline.run({}, {{"WALBROOK_FAULT", "after_commit"}});  // and not confirmed
  ASSERT_TRUE(killed.killed()) << killed.describe();
  restore("older");
  db.exec("INSERT INTO t VALUES (3, 'c')");
  expect_run();
}

TEST_P(RestoredDestination, p2_an_older_copy_is_refused_and_so_is_one_from_before_a_reset) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  keep("older");
  db.exec("INSERT INTO t VALUES (2, 'b')");
  expect_run();
  keep("newer");
  restore("older");
  db.exec("INSERT INTO t VALUES (3, 'c')");
  expect_refused("1");
  restore("newer");  // nobody has read the slot meanwhile
  expect_run();
  restore("older");
  const auto reset = db.pipeline.run({"--reset", "--yes"});
  EXPECT_EQ(reset.exit_code, 0) << reset.describe();
  EXPECT_EQ(db.differences(), "");
  db.exec("DELETE FROM t WHERE id = 2");
  expect_run();
  restore("newer");
  expect_refused("2");
}

// The first one is stopped for so long that its connections are gone when it wakes. Where its lock on the destination
// is gone with them, the second one writes meanwhile, and is killed before it can confirm that to the slot.
TEST_P(TwoWalbrooks, p2_never_write_into_one_destination_at_the_same_time) {
  db.exec("CREATE TABLE log(v text); ALTER TABLE log REPLICA IDENTITY FULL");
  Process first(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(arrives("1")) << first.err();
  const auto refused = db.pipeline.run({"--startup-timeout", "1", "--slot-timeout", "1"});
  EXPECT_TRUE(refused.exit_code == 4 || refused.exit_code == 3) << refused.describe();

  first.signal(SIGSTOP);
  Sql(db.server().conninfo())
      .exec(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type <> 'autovacuum worker' AND "
          "datname IN (" +
          quote_literal(db.name()) + ", " + quote_literal(copied()) + ")");
  db.exec("UPDATE t SET v = 'b'; INSERT INTO t VALUES (2, 'b'); INSERT INTO log VALUES ('x'), ('x')");
  const auto meanwhile = db.pipeline.run({}, {{"WALBROOK_FAULT", "after_commit"}});
  EXPECT_EQ(meanwhile.killed(), GetParam().lock_is_a_session) << meanwhile.describe();
  db.exec("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 'c'), (4, 'd'); INSERT INTO log VALUES ('x')");
  first.signal(SIGCONT);
  EXPECT_TRUE(arrives("3")) << first.err();
  first.signal(SIGTERM);
  const auto ended = first.wait(milliseconds(20'000));
  EXPECT_EQ(ended.exit_code, 0) << ended.describe();
  expect_run();
}

const auto name_of_kind = [](const auto& kind) { return kind.param.name; };
INSTANTIATE_TEST_SUITE_P(Kinds, RestoredDestination,
                         ::testing::Values(Kind{"file", CopiedTo::file}, Kind{"database", CopiedTo::database},
                                           Kind{"files", CopiedTo::files}, Kind{"lake", CopiedTo::lake}),
                         name_of_kind);
INSTANTIATE_TEST_SUITE_P(Kinds, TwoWalbrooks,
                         ::testing::Values(Kind{"file", CopiedTo::file}, Kind{"database", CopiedTo::database, true},
                                           Kind{"files", CopiedTo::files},
                                           Kind{"lake_in_database", CopiedTo::lake_in_database, true}),
                         name_of_kind);

}  // namespace
}  // namespace walbrook::test
