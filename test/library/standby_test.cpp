// Options of the library for a source with standbys: standby and failover.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "test/library/fixture.h"
#include "test/support/cluster_copy.h"

namespace walbrook::test {
namespace {

constexpr int standby_version = 16;
constexpr int failover_version = 17;

// A primary with a standby that streams from it, and a pipeline that reads the standby.
class StandbyResource : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto bin = installed_bin_dir(standby_version);
    if (bin.empty()) GTEST_SKIP() << "PostgreSQL " << standby_version << " is not installed";
    primary = std::make_unique<PostgresServer>(ServerOptions{.bin_dir = bin});
    exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 10)");
    exec("SELECT pg_create_physical_replication_slot('standby')");
    standby = std::make_unique<PostgresServer>(ServerOptions{
        .settings = {"hot_standby_feedback=on", "primary_slot_name=standby", "primary_conninfo=" + primary->conninfo()},
        .bin_dir = bin});
    const ClusterCopy base(*primary);
    base.put_as_standby_into(*standby);
    standby->start();
    options.credentials = following.credentials = standby->conninfo();
  }
  void exec(const std::string& sql) const { Sql(primary->conninfo()).exec(sql); }
  [[nodiscard]] bool standby_shows(const std::string& sql, const std::string& expected) const {
    return eventually([&] { return Sql(standby->conninfo()).value(sql) == expected; }, milliseconds(20'000));
  }
  // A slot of a standby begins at a list of running transactions: the primary writes some while `work` runs.
  template <class Work>
  void beside_lists(Work work) const {
    const std::jthread lists([this](const std::stop_token& stop) {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any bell;
      while (!bell.wait_for(lock, stop, milliseconds(50), [&] { return stop.stop_requested(); })) {
        exec("SELECT pg_log_standby_snapshot()");
      }
    });
    work();
  }

  std::unique_ptr<PostgresServer> primary, standby;
  TempFolder folder{"library_standby"};
  InitReplicationOptions options{
      .slot_name = "shop", .pub_name = "shop", .table_names = "t", .persist_snapshots = true, .standby = true};
  ReplicationResourceOptions following{.slot_name = "shop", .pub_name = "shop", .standby = true};
};

TEST_F(StandbyResource, is_copied_and_followed) {
  auto refused = options;
  refused.standby = false;
  EXPECT_NE(error_of([&] { init_replication(refused); }).hint().find(".standby = true reads from the standby"),
            std::string::npos);
  EXPECT_NE(std::string(error_of([&] { init_replication(options); }).what()).find("a standby cannot create it"),
            std::string::npos);
  exec("CREATE PUBLICATION shop FOR TABLE t");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM pg_publication", "1"));

  auto pipeline = walbrook::pipeline({.pipeline_name = "shop", .destination = folder / "shop.duckdb"});
  beside_lists([&] { EXPECT_EQ(pipeline.run(init_replication(options)).copied_rows(), 10U); });
  EXPECT_EQ(Sql(primary->conninfo()).value("SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'logical'"),
            "0");

  exec("INSERT INTO t VALUES (11), (12)");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM t", "12"));
  auto refused_following = following;
  refused_following.standby = false;
  for (const bool iterates : {false, true}) {
    const auto changes = replication_resource(refused_following);
    const auto error = error_of([&] { iterates ? void(changes.batches().next()) : void(pipeline.run(changes)); });
    EXPECT_NE(error.hint().find(".standby = true reads from the standby"), std::string::npos) << error.hint();
  }
  auto iterated = following;
  iterated.flush_slot = false;
  std::size_t rows = 0;
  for (const auto& batch : replication_resource(iterated).batches()) rows += batch.rows();
  EXPECT_EQ(rows, 2U);
  EXPECT_EQ(pipeline.run(replication_resource(following)).table("t")->inserts, 2U);
}

TEST_F(StandbyResource, keeps_the_publication_of_the_primary) {
  exec("CREATE PUBLICATION shop FOR TABLE t; COMMENT ON PUBLICATION shop IS 'created by walbrook'");
  exec("CREATE TABLE u(id int PRIMARY KEY)");
  ASSERT_TRUE(standby_shows("SELECT count(*) FROM pg_class WHERE relname = 'u'", "1"));
  auto more = options;
  more.table_names = {"t", "u"};
  const auto error = error_of([&] { init_replication(more); });
  EXPECT_EQ(error.kind(), ErrorKind::source_not_ready);
  EXPECT_NE(error.hint().find("On the primary, as the tables' owner: ALTER PUBLICATION \"shop\" ADD TABLE"),
            std::string::npos)
      << error.hint();
  auto again = options;
  again.reset = true;
  beside_lists([&] { EXPECT_EQ(init_replication(again).size(), 1U); });
  EXPECT_TRUE(standby_shows("SELECT count(*) FROM pg_publication", "1"));
}

TEST(FailoverOption, makes_a_slot_a_failover_slot) {
  const auto bin = installed_bin_dir(failover_version);
  if (bin.empty()) GTEST_SKIP() << "PostgreSQL " << failover_version << " is not installed";
  const Shop shop(PostgresServer::shared(bin));
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  const auto is_one = [&shop] {
    return shop.value("SELECT failover FROM pg_replication_slots WHERE slot_name = '" + shop.slot() + "'");
  };
  auto options = shop.init("a", false);
  init_replication(options);
  EXPECT_EQ(is_one(), "f");
  options.failover = true;
  init_replication(options);
  EXPECT_EQ(is_one(), "t");
  options.failover = false;
  init_replication(options);
  EXPECT_EQ(is_one(), "t") << "it stays as it is";
  options.failover = options.reset = true;
  init_replication(options);
  EXPECT_EQ(is_one(), "t") << "it is created as one";
}

TEST(FailoverOption, needs_version_17) {
  if (PostgresServer::shared().major() >= failover_version) GTEST_SKIP() << "the server has failover slots";
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  auto options = shop.init("a");
  options.failover = true;
  const auto error = error_of([&] { init_replication(options); });
  EXPECT_NE(std::string(error.what()).find("a failover slot needs PostgreSQL 17"), std::string::npos) << error.what();
  EXPECT_NE(error.hint().find("Leave out .failover = true"), std::string::npos) << error.hint();
  EXPECT_EQ(shop.value("SELECT count(*) FROM pg_publication"), "0");
}

}  // namespace
}  // namespace walbrook::test
