// The library's option for tables without a replica identity: keyless_inserts.
#include <gtest/gtest.h>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

class KeylessInsertsOption : public ::testing::Test {
 protected:
  KeylessInsertsOption() {
    shop.exec(
        "CREATE TABLE a(id int PRIMARY KEY); INSERT INTO a VALUES (1);"
        "CREATE TABLE log(line text, n int); INSERT INTO log VALUES ('before', 1)");
    following.keyless_inserts = true;
  }
  [[nodiscard]] InitReplicationOptions init(TableNames tables) const {
    auto options = shop.init(std::move(tables));
    options.keyless_inserts = true;
    return options;
  }
  [[nodiscard]] std::string second() const {
    return shop.value("SELECT string_agg(tablename, ',') FROM pg_publication_tables WHERE pubname = 'pub_keyless'");
  }
  [[nodiscard]] std::string lines() const {
    return shop.copied("SELECT string_agg(line, ',' ORDER BY n) FROM copy.log");
  }

  Shop shop;
  ReplicationResourceOptions following = shop.following();
};

TEST_F(KeylessInsertsOption, copies_a_table_without_identity_and_follows_its_inserts) {
  const auto snapshots = init_replication(init({"a", "log"}));
  EXPECT_EQ(snapshots.size(), 2U);
  EXPECT_EQ(shop.published(), "a");
  EXPECT_EQ(second(), "log");
  auto pipeline = walbrook::pipeline(shop.options());
  EXPECT_EQ(pipeline.run(snapshots).copied_rows(), 2U);

  shop.exec("INSERT INTO log VALUES ('new', 2); UPDATE log SET line = 'changed' WHERE n = 1; INSERT INTO a VALUES (2)");
  auto iterated = following;
  iterated.flush_slot = false;
  std::string names;
  for (const auto& batch : replication_resource(iterated).batches()) names += batch.table_name() + " ";
  EXPECT_EQ(names, "log a ");
  EXPECT_EQ(pipeline.run(replication_resource(following)).table("log")->inserts, 1U);
  EXPECT_EQ(lines(), "before,new");

  shop.exec("ALTER TABLE log REPLICA IDENTITY FULL");
  pipeline.run(replication_resource(following));
  EXPECT_EQ(lines(), "changed,new") << "it moved to the first publication, and was copied again";
  EXPECT_EQ(shop.published(), "a,log");
  EXPECT_EQ(shop.differences(), "");
}

TEST_F(KeylessInsertsOption, takes_selected_columns_and_a_whole_schema) {
  if (PostgresServer::shared().major() < 15) GTEST_SKIP() << "the server has no column lists";
  auto options = init({});
  options.include_columns = {{"log", {"line"}}};
  EXPECT_EQ(init_replication(options).size(), 2U);
  EXPECT_EQ(shop.value("SELECT attnames FROM pg_publication_tables WHERE pubname = 'pub_keyless'"), "{line}");
  options.include_columns.clear();
  options.reset = true;
  EXPECT_EQ(init_replication(options).size(), 2U);
  EXPECT_EQ(shop.published() + " " + second(), "a log");
  options.keyless_inserts = false;
  EXPECT_EQ(init_replication(options).size(), 1U);
  EXPECT_EQ(shop.value("SELECT count(*) FROM pg_publication"), "1") << "a reset drops both";
}

// The slot has changes from before the second publication exists, which PostgreSQL before 18 cannot decode with it.
TEST_F(KeylessInsertsOption, joins_a_pipeline_that_exists_without_a_gap) {
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("a")));
  shop.exec("INSERT INTO a VALUES (2)");
  const bool is_told_apart = PostgresServer::shared().major() < 18;
  EXPECT_EQ(init_replication(init({"a", "log"})).size(), is_told_apart ? 1U : 2U);
  shop.exec("INSERT INTO log VALUES ('between', 2)");
  EXPECT_EQ(pipeline.run(replication_resource(following)).table("a")->inserts, 1U);
  const auto snapshots = init_replication(init("log"));
  ASSERT_EQ(snapshots.size(), 1U);
  pipeline.run(snapshots);
  shop.exec("INSERT INTO log VALUES ('after', 3)");
  pipeline.run(replication_resource(following));
  EXPECT_EQ(lines(), "before,between,after");
}

TEST_F(KeylessInsertsOption, needs_a_publication_of_its_own) {
  shop.exec("CREATE PUBLICATION pub FOR TABLE a");
  EXPECT_EQ(error_of([&] { init_replication(init("a")); }).kind(), ErrorKind::configuration);
  auto several = init("a");
  several.pub_name = "pub,other";
  EXPECT_EQ(error_of([&] { init_replication(several); }).facts().setting, "keyless_inserts");
  EXPECT_EQ(shop.value("SELECT string_agg(pubname, ',') FROM pg_publication"), "pub");
}

}  // namespace
}  // namespace walbrook::test
