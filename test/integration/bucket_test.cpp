// A bucket as the destination: httpfs and s3rver from tools/install-s3. Skipped where they are not s3_folder.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

const fs::path s3_folder = fs::path(WALBROOK_SOURCE_DIR) / "build/s3";
constexpr const char* account = "S3RVER";  // its name, and its password

int free_port_for_s3() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

bool s3_answers(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(socket);
  return connected;
}

class Bucket : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(s3_folder / "complete")) GTEST_SKIP() << "tools/install-s3 brings httpfs and an S3 server";
    port_ = free_port_for_s3();
    fs::create_directory(db_.folder() / "s3");
    start_server();
    db_.pipeline.server =
        "s3://lake/copy?url_style=path&region=us-east-1&endpoint=127.0.0.1:" + std::to_string(port_) + "&use_ssl=false";
  }
  void start_server() {
    server_ = std::make_unique<Process>(
        ProcessSpec{.argv = {"node", (s3_folder / "node_modules/s3rver/bin/s3rver.js").string(), "-d",
                             (db_.folder() / "s3").string(), "-a", "127.0.0.1", "-p", std::to_string(port_),
                             "--configure-bucket", "lake"},
                    .env = {}});
    ASSERT_TRUE(eventually([this] { return s3_answers(port_); }, milliseconds(20'000))) << server_->err();
  }
  void stop_server() {
    server_->signal(SIGKILL);
    static_cast<void>(server_->wait(milliseconds(10'000)));
  }
  [[nodiscard]] Environment env(const fs::path& extensions = s3_folder / "extensions") const {
    return {{"AWS_ACCESS_KEY_ID", account},
            {"AWS_SECRET_ACCESS_KEY", account},
            {"DESTINATION__DUCKDB__EXTENSION_DIRECTORY", extensions.string()}};
  }
  ProcessResult run_pipeline(const Environment& more = {}) {
    auto all = env();
    all.insert(more.begin(), more.end());
    return db_.pipeline.run({}, all);
  }
  [[nodiscard]] Environment env_with(const std::string& name, const std::string& value) const {
    auto all = env();
    all[name] = value;
    return all;
  }
  static void expect_no_secret(const ProcessResult& result) {
    for (const auto* word : {account, "some_id", "some_secret"}) {
      EXPECT_EQ((result.out + result.err).find(word), std::string::npos) << result.describe();
    }
  }
  // What a reader with DuckDB sees.
  [[nodiscard]] std::string read(const std::string& sql) const {
    DuckReader reader(":memory:", DuckReader::Access::read_write);
    reader.exec("LOAD " +
                quote_literal((s3_folder / "extensions/v1.5.5/linux_amd64/httpfs.duckdb_extension").string()));
    reader.exec(
        "CREATE SECRET (TYPE s3, KEY_ID 'S3RVER', SECRET 'S3RVER', REGION 'us-east-1', URL_STYLE 'path', "
        "USE_SSL false, ENDPOINT '127.0.0.1:" +
        std::to_string(port_) + "')");
    reader.exec(reader.value("SELECT content FROM read_text('s3://lake/copy/views.sql')"));
    return reader.value(sql);
  }

  ReplicatedDatabase db_;
  int port_ = 0;
  std::unique_ptr<Process> server_;
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
  stop_server();
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
  stop_server();
  server_ = std::make_unique<Process>(
      ProcessSpec{.argv = {"node", "-e",
                           "require('http').createServer((request, response) => { response.statusCode = 503; "
                           "response.end(); }).listen(" +
                               std::to_string(port_) + ", '127.0.0.1')"},
                  .env = {}});
  ASSERT_TRUE(eventually([this] { return s3_answers(port_); }, milliseconds(20'000))) << server_->err();
  const auto result = run_pipeline();
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("the bucket s3://lake/copy cannot be reached: HTTP 503"), std::string::npos)
      << result.describe();
}

// The bucket is away before the run begins, and again while it applies changes.
TEST_F(Bucket, p2_a_run_that_follows_waits_for_its_bucket) {
  db_.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  stop_server();
  db_.pipeline.server.replace(0, std::string("s3://").size(), std::string("s3://") + account + ":" + account + "@");
  Process following(db_.pipeline.command("run", {"--follow", "--retries", "2"}, env()));
  ASSERT_TRUE(
      eventually([&] { return following.err().find("trying again in") != std::string::npos; }, milliseconds(60'000)))
      << following.err();
  start_server();
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
  stop_server();
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
  start_server();
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
