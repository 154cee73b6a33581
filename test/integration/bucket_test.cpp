// A bucket as the destination: httpfs, and an S3 server on loopback.
#include <gtest/gtest.h>

#include <filesystem>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"
#include "test/support/s3_server.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

class Bucket : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!S3Server::is_there()) GTEST_SKIP() << no_s3_server;
    server_.start();
    db_.pipeline.server = "s3://lake/copy" + server_.options();
  }
  [[nodiscard]] static Environment env(const fs::path& extensions = S3Server::extensions()) {
    auto all = S3Server::credentials();
    all["DESTINATION__DUCKDB__EXTENSION_DIRECTORY"] = extensions.string();
    return all;
  }
  ProcessResult run_pipeline(const Environment& more = {}) {
    auto all = env();
    all.insert(more.begin(), more.end());
    return db_.pipeline.run({}, all);
  }
  [[nodiscard]] static Environment env_with(const std::string& name, const std::string& value) {
    auto all = env();
    all[name] = value;
    return all;
  }
  static void expect_no_secret(const ProcessResult& result) {
    for (const auto* word : {S3Server::account, "some_id", "some_secret"}) {
      EXPECT_EQ((result.out + result.err).find(word), std::string::npos) << result.describe();
    }
  }
  // What a reader with DuckDB sees.
  [[nodiscard]] std::string read(const std::string& sql) const {
    DuckReader reader(":memory:", DuckReader::Access::read_write);
    reader.exec("SET extension_directory = " + quote_literal(S3Server::extensions().string()) + "; LOAD httpfs");
    reader.exec(server_.create_secret());
    reader.exec(reader.value("SELECT content FROM read_text('s3://lake/copy/views.sql')"));
    return reader.value(sql);
  }

  ReplicatedDatabase db_;
  S3Server server_{db_.folder() / "s3"};
};

TEST_F(Bucket, p2_a_bucket_equals_the_source_after_kills) {
  db_.exec(
      "CREATE TABLE \"odd name\"(id int PRIMARY KEY, body text); INSERT INTO \"odd name\" SELECT g, "
      "repeat(md5(g::text), 200) FROM generate_series(1, 1000) g");
  ASSERT_EQ(run_pipeline().exit_code, 0);
  const auto compare = [&] {
    const auto expected = db_.value(
        "SELECT count(*) || ' ' || sum(length(body)) || ' ' || sum(id) || ' ' || "
        "min(md5(body)) FROM \"odd name\"");
    EXPECT_EQ(read("SELECT count(*) || ' ' || sum(length(body)) || ' ' || sum(id) || ' ' || min(md5(body)) FROM "
                   "public.\"odd name\""),
              expected);
  };
  compare();
  db_.exec("UPDATE \"odd name\" SET id = id + 10000 WHERE id < 20; DELETE FROM \"odd name\" WHERE id % 3 = 0");
  for (const auto* point : {"before_commit", "after_commit"}) {
    EXPECT_TRUE(run_pipeline({{"WALBROOK_FAULT", point}}).killed());
  }
  const auto result = run_pipeline();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_no_secret(result);
  compare();
  const auto status = run(db_.pipeline.command("sql", {"--csv", "SELECT count(*) FROM \"odd name\""}, env()));
  EXPECT_NE(status.out.find("667"), std::string::npos) << status.describe();
}

TEST_F(Bucket, a_bucket_is_compacted) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY, n int); INSERT INTO t SELECT g, 0 FROM generate_series(1, 100) g");
  ASSERT_EQ(run_pipeline().exit_code, 0);
  db_.exec("UPDATE t SET n = id; DELETE FROM t WHERE id > 90");
  ASSERT_EQ(run_pipeline().exit_code, 0);
  EXPECT_TRUE(run(db_.pipeline.command("compact", {}, env_with("WALBROOK_FAULT", "before_manifest"))).killed());
  const auto result = run(db_.pipeline.command("compact", {}, env()));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(result.out, "public.t: 90 rows in 1 file instead of 2\n");
  EXPECT_EQ(read("SELECT count(*) || ' ' || sum(n) FROM public.t"), "90 4095");
  db_.exec("UPDATE t SET n = 1 WHERE id <= 10");
  ASSERT_EQ(run_pipeline().exit_code, 0);
  EXPECT_EQ(read("SELECT count(*) || ' ' || sum(n) FROM public.t"), "90 4050");
}

TEST_F(Bucket, a_bucket_that_cannot_be_reached_ends_a_run_with_its_reason) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY)");
  ASSERT_EQ(run_pipeline().exit_code, 0);
  server_.stop();
  db_.pipeline.server.replace(0, std::string("s3://").size(), "s3://some_id:some_secret@");
  const auto result = run_pipeline();
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("the bucket s3://lake/copy cannot be reached: Could not connect to server"),
            std::string::npos)
      << result.describe();
  expect_no_secret(result);
  expect_no_secret(run(db_.pipeline.command("check", {}, env())));
  expect_no_secret(run(db_.pipeline.command("status", {}, env())));
}

TEST_F(Bucket, a_server_that_cannot_do_its_work_counts_as_away) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY)");
  server_.stop();
  server_.start(S3Server::Manner::overloaded);
  const auto result = run_pipeline();
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("the bucket s3://lake/copy cannot be reached: HTTP 503"), std::string::npos)
      << result.describe();
}

// The bucket is away before the run begins, and again while it applies changes.
TEST_F(Bucket, p2_a_run_that_follows_waits_for_its_bucket) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  server_.stop();
  db_.pipeline.server.replace(0, std::string("s3://").size(),
                              std::string("s3://") + S3Server::account + ":" + S3Server::account + "@");
  Process following(db_.pipeline.command("run", {"--follow", "--retries", "2"}, env()));
  ASSERT_TRUE(
      eventually([&] { return following.err().find("trying again in") != std::string::npos; }, milliseconds(60'000)))
      << following.err();
  server_.start();
  const auto arrives = [&](const std::string& ids) {
    return eventually(
        [&] {
          try {
            return read("SELECT string_agg(id, ',' ORDER BY id) FROM public.t") == ids;
          } catch (const std::runtime_error&) {  // there is no view yet, or no server
            return false;
          }
        },
        milliseconds(60'000));
  };
  EXPECT_TRUE(arrives("1")) << following.err();
  server_.stop();
  db_.exec("INSERT INTO t VALUES (2)");
  const auto attempts = [&] {
    const auto text = following.err();
    std::size_t count = 0;
    for (auto at = text.find("cannot be reached"); at != std::string::npos; at = text.find("cannot be reached", at + 1))
      ++count;
    return count;
  };
  const auto before = attempts();
  EXPECT_TRUE(eventually([&] { return attempts() >= before + 4; }, milliseconds(120'000)))
      << "more often than --retries\n"
      << following.err();
  server_.start();
  EXPECT_TRUE(arrives("1,2")) << following.err();
  following.signal(SIGTERM);
  const auto result = following.wait(milliseconds(30'000));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_no_secret(result);
}

TEST_F(Bucket, an_extension_that_is_missing_is_named_with_its_place) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY)");
  const auto file = db_.folder() / "no folder";  // into which DuckDB installs nothing, network or not
  write_file(file, "");
  const auto result = db_.pipeline.run({}, env(file));
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find((file / "v1.5.5/linux_amd64/httpfs.duckdb_extension").string()), std::string::npos)
      << result.describe();
}

}  // namespace
}  // namespace walbrook::test
