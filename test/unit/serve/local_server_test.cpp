// The local socket in front of a real DuckDB file.
#include "serve/local_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "serve/socket_path.h"

namespace walbrook::serve {
namespace {

namespace fs = std::filesystem;

class LocalServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "walbrook-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = (folder_ / "sockets/shop.sock").string();
    destination_ = destination::open_destination(
        {.url = "duckdb:///" + (folder_ / "shop.duckdb").string(), .pipeline = "walbrook"});
    static_cast<void>(destination_->open());
    auto load = destination_->begin_load();
    load->put_checkpoint({.slot = "walbrook", .systemid = "1", .timeline = 1, .lsn = *Lsn::parse("0/1A2B3C8")});
    load->commit();
  }
  void TearDown() override {
    destination_.reset();
    fs::remove_all(folder_);
  }

  std::unique_ptr<LocalServer> serve() {
    const auto status = [] {
      pipeline::RunStatus now;
      now.phase = "streaming";
      now.destination = "shop.duckdb";
      return now;
    };
    const auto resync = [this](const std::vector<source::TableName>& tables) {
      if (tables.at(0).name == "unknown") throw Error(ErrorKind::configuration, "no table unknown", "Tables: none.");
      resynced_ = tables;
    };
    return std::make_unique<LocalServer>(path_, *destination_, ServedRun{.status = status, .resync = resync});
  }
  [[nodiscard]] static ErrorKind kind_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorKind::internal;
  }

  fs::path folder_;
  std::string path_;
  std::vector<source::TableName> resynced_;
  std::unique_ptr<destination::Destination> destination_;
};

TEST_F(LocalServerTest, AnswersStatusAndSqlWithTheLsn) {
  const auto server = serve();
  const auto status = ask_status(path_);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status_from_json(*status).phase, "streaming");
  const auto answer = ask_sql(path_, "SELECT 42 AS n, NULL AS nothing, 'ü' AS t");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->lsn.to_string(), "0/1A2B3C8");
  ASSERT_EQ(answer->result.rows.size(), 1U);
  EXPECT_EQ(answer->result.rows[0], (std::vector<std::optional<std::string>>{"42", std::nullopt, "ü"}));
  EXPECT_TRUE(answer->result.columns[0].numeric);
  EXPECT_EQ(ask_sql(path_, "SELECT ['a'] AS l")->result.rows[0][0], "[a]");
  const auto nested = ask_sql(path_, "SELECT ['a'] AS l", destination::NestedCells::json);
  EXPECT_TRUE(nested->result.columns[0].json);
  EXPECT_EQ(nested->result.rows[0][0], "[\"a\"]");
}

TEST_F(LocalServerTest, WrongSqlIsTheUsersErrorAndNothingIsWritten) {
  const auto server = serve();
  EXPECT_EQ(kind_of([&] { static_cast<void>(ask_sql(path_, "SELECT nosuch FROM nowhere")); }),
            ErrorKind::configuration);
  EXPECT_EQ(kind_of([&] { static_cast<void>(ask_sql(path_, "DROP TABLE _walbrook.checkpoint")); }),
            ErrorKind::configuration);
  EXPECT_TRUE(ask_sql(path_, "FROM _walbrook.checkpoint").has_value());
}

TEST_F(LocalServerTest, AResyncReachesTheRunAndItsRefusalTheAsker) {
  const std::vector<source::TableName> tables = {{.schema = "public", .name = "t", .columns = {}},
                                                 {.schema = "S\"x", .name = "with . and ü", .columns = {}}};
  EXPECT_FALSE(ask_resync(path_, tables));
  const auto server = serve();
  EXPECT_TRUE(ask_resync(path_, tables));
  ASSERT_EQ(resynced_.size(), 2U);
  EXPECT_EQ(resynced_[1].schema, "S\"x");
  EXPECT_EQ(resynced_[1].name, "with . and ü");
  EXPECT_EQ(
      kind_of([&] { static_cast<void>(ask_resync(path_, {{.schema = "public", .name = "unknown", .columns = {}}})); }),
      ErrorKind::configuration);
}

TEST_F(LocalServerTest, NobodyAnswersBeforeAndBehindTheRun) {
  EXPECT_FALSE(ask_status(path_).has_value());
  serve().reset();
  EXPECT_FALSE(ask_status(path_).has_value());
  EXPECT_FALSE(ask_sql(path_, "SELECT 1").has_value());
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(LocalServerTest, OnlyItsUserCanReachIt) {
  const auto server = serve();
  struct stat folder {};
  struct stat socket {};
  ASSERT_EQ(stat((folder_ / "sockets").c_str(), &folder), 0);
  ASSERT_EQ(stat(path_.c_str(), &socket), 0);
  EXPECT_EQ(folder.st_mode & 0777U, 0700U);
  EXPECT_EQ(socket.st_mode & 0777U, 0600U);
}

TEST_F(LocalServerTest, ADeadSocketIsReplacedALivingOneIsNot) {
  prepare_socket_folder(folder_ / "sockets");
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  ASSERT_TRUE(fs::exists(path_));
  const auto server = serve();
  EXPECT_TRUE(ask_status(path_).has_value());
  EXPECT_EQ(kind_of([&] { static_cast<void>(serve()); }), ErrorKind::destination);
  EXPECT_TRUE(ask_status(path_).has_value());
}

TEST_F(LocalServerTest, DeadSocketsOfOthersGoOnceTheyAreOld) {
  prepare_socket_folder(folder_ / "sockets");
  const std::string left = (folder_ / "sockets/old.sock").string();
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  left.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  remove_dead_sockets(folder_ / "sockets");
  EXPECT_TRUE(fs::exists(left));
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::minutes(2));
  remove_dead_sockets(folder_ / "sockets");
  EXPECT_FALSE(fs::exists(left));
}

// The end of a run waits for nobody's query.
TEST_F(LocalServerTest, ALongQueryIsInterruptedWhenTheRunEnds) {
  auto server = serve();
  std::thread asking([&] {
    EXPECT_THROW(static_cast<void>(ask_sql(path_,
                                           "SELECT count(*) FROM range(100000) a, range(100000) b, range(1000) c "
                                           "WHERE hash(a.range, b.range, c.range) = 1")),
                 Error);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(ask_status(path_).has_value()) << "a long query keeps status waiting";
  const auto began = std::chrono::steady_clock::now();
  server.reset();
  asking.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

}  // namespace
}  // namespace walbrook::serve
