// A lake in a bucket, with its catalog in PostgreSQL: equal to the source after kills and outages, and errors that name
// the bucket and never its credentials.
#include <gtest/gtest.h>

#include <filesystem>

#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"
#include "test/support/s3_server.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

class LakeBucket : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
    if (!S3Server::is_there()) GTEST_SKIP() << no_s3_server;
    use_bucket("lake");
    db.comparison.bucket_secret = bucket.create_secret();
    db.exec(
        "CREATE TABLE item(id int PRIMARY KEY, n int, body text, tags text[]); INSERT INTO item SELECT g, 0, "
        "repeat(md5(g::text), 10), ARRAY['a', NULL] FROM generate_series(1, 3000) g");
  }
  void use_bucket(const std::string& name) {
    db.pipeline.server = db.comparison.ducklake + "?data_path=s3://" + name + "/copies/shop" + bucket.options();
  }
  void change() const {
    db.exec(
        "UPDATE item SET n = n + 1 WHERE id % 3 = 0; DELETE FROM item WHERE id % 100 = 1; INSERT INTO item SELECT g, "
        "1, "
        "'new', '{}' FROM generate_series((SELECT max(id) + 1 FROM item), (SELECT max(id) + 2000 FROM item)) g");
  }
  [[nodiscard]] static ProcessResult without_secret(const ProcessResult& result) {
    EXPECT_EQ((result.out + result.err).find(S3Server::account), std::string::npos) << result.describe();
    return result;
  }
  [[nodiscard]] ProcessResult run_pipeline(Environment env = {}) const {
    env.merge(S3Server::credentials());
    return without_secret(db.pipeline.run({}, env));
  }
  [[nodiscard]] ProcessResult run_command(const std::string& name, const std::vector<std::string>& extra = {}) const {
    return without_secret(run(db.pipeline.command(name, extra, S3Server::credentials())));
  }
  void expect_equal() const {
    EXPECT_EQ(db.differences(), "");
    EXPECT_EQ(db.slot_past_checkpoint(), "");
  }

  ReplicatedDatabase db{PostgresServer::shared(), CopiedTo::lake_in_database};
  S3Server bucket{db.folder() / "s3"};
};

TEST_F(LakeBucket, p2_equals_the_source_after_kills_and_compaction) {
  bucket.start();
  ASSERT_EQ(run_pipeline().exit_code, 0);
  expect_equal();
  const auto before = db.copied_value("SELECT lsn FROM _walbrook.checkpoint");
  change();
  for (const auto* point : {"before_commit", "after_commit"}) {
    EXPECT_TRUE(run_pipeline({{"WALBROOK_FAULT", point}}).killed());
  }
  EXPECT_EQ(run_pipeline().exit_code, 0);
  expect_equal();
  const auto compacted = run_command("compact");
  EXPECT_EQ(compacted.exit_code, 0) << compacted.describe();
  expect_equal();
  const auto past = run_command("sql", {"--csv", "--at", before, "SELECT count(*), sum(n) FROM item"});
  EXPECT_NE(past.out.find("\n3000,0\n"), std::string::npos) << past.describe();
  EXPECT_EQ(run_command("status").exit_code, 0);
  auto unnamed = db.pipeline;
  unnamed.server = db.comparison.ducklake;
  const auto refused = run(unnamed.command("sql", {"FROM item"}, S3Server::credentials()));
  EXPECT_EQ(refused.exit_code, 2) << refused.describe();
  EXPECT_NE(refused.err.find("has its files in a bucket, which the destination's URL does not name"), std::string::npos)
      << refused.describe();
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM ducklake_list_files('lake', 'item', schema => 'public') WHERE "
                            "starts_with(data_file, 's3://lake/copies/shop/public/')"),
            db.copied_value("SELECT count(*) FROM ducklake_list_files('lake', 'item', schema => 'public')"));
}

TEST_F(LakeBucket, p2_a_run_that_follows_waits_for_a_bucket_that_is_away) {
  auto env = S3Server::credentials();
  Process follower(db.pipeline.command("run", {"--follow", "--retries", "2"}, env));
  EXPECT_TRUE(tells(follower, "the bucket s3://lake/copies/shop cannot be reached: Could not connect to server"))
      << follower.err();
  bucket.start();
  EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "3000")) << follower.err();
  bucket.stop();
  change();
  EXPECT_TRUE(tells(follower, "nothing is lost, trying again in 800 ms")) << follower.err();
  bucket.start();
  EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item WHERE id > 3000", "2000")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(without_secret(follower.wait(milliseconds(30'000))).exit_code, 0) << follower.err();
  expect_equal();
}

TEST_F(LakeBucket, a_slow_bucket_gets_every_change) {
  bucket.start(S3Server::Manner::serves, milliseconds(150));
  ASSERT_EQ(run_pipeline().exit_code, 0);
  change();
  EXPECT_EQ(run_pipeline().exit_code, 0);
  expect_equal();
}

TEST_F(LakeBucket, a_bucket_that_cannot_be_written_to_ends_a_run_with_its_reason) {
  db.pipeline.flags = {"--retries", "1"};
  bucket.start();
  ASSERT_EQ(run_pipeline().exit_code, 0);
  change();
  const struct {
    S3Server::Manner manner;
    std::string reason;
  } cases[] = {{S3Server::Manner::refuses_writes, "Forbidden (HTTP code 403)"},
               {S3Server::Manner::overloaded, "the bucket s3://lake/copies/shop cannot be reached: HTTP 503"}};
  for (const auto& [manner, reason] : cases) {
    bucket.stop();
    bucket.start(manner);
    const auto result = run_pipeline();
    EXPECT_EQ(result.exit_code, 4) << result.describe();
    EXPECT_NE(result.err.find(reason), std::string::npos) << result.describe();
    EXPECT_NE(result.err.find("s3://lake"), std::string::npos) << result.describe();
    EXPECT_EQ(db.slot_past_checkpoint(), "");
  }
  bucket.stop();
  bucket.start();
  EXPECT_EQ(run_pipeline().exit_code, 0);
  expect_equal();
}

TEST_F(LakeBucket, a_bucket_that_does_not_exist_is_named) {
  bucket.start();
  use_bucket("nowhere");
  const auto result = run_pipeline();
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("s3://nowhere"), std::string::npos) << result.describe();
}

}  // namespace
}  // namespace walbrook::test
