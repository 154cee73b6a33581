#include "serve/socket_path.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "serve/local_server.h"

namespace walbrook::serve {
namespace {

namespace fs = std::filesystem;

class SocketPath : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "walbrook-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("XDG_RUNTIME_DIR");
    fs::remove_all(folder_);
  }
  fs::path folder_;
};

TEST_F(SocketPath, is_the_same_for_every_way_to_write_one_file) {
  fs::create_directory(folder_ / "real");
  fs::create_directory_symlink(folder_ / "real", folder_ / "link");
  const auto path = socket_path("duckdb:///" + (folder_ / "real/shop.duckdb").string(), "shop");
  EXPECT_TRUE(path.starts_with((folder_ / "walbrook/shop-").string())) << path;
  EXPECT_EQ(path, socket_path("duckdb:///" + (folder_ / "link/../real/shop.duckdb").string(), "shop"));
  EXPECT_EQ(path, socket_path("duckdb:///" + (folder_ / "link/shop.duckdb").string(), "shop"));
  EXPECT_NE(path, socket_path("duckdb:///" + (folder_ / "other/shop.duckdb").string(), "shop"));
}

TEST_F(SocketPath, belongs_to_a_pipeline_where_each_may_have_a_run) {
  const auto catalog = (folder_ / "shop.ducklake").string();
  for (const auto& url : {std::string("postgresql:///copy?host=/tmp"), std::string("ducklake:postgres:dbname=lake"),
                          "ducklake:sqlite:" + catalog}) {
    EXPECT_EQ(socket_path(url, "shop"), socket_path(url, "shop"));
    EXPECT_NE(socket_path(url, "shop"), socket_path(url, "wiki")) << url;
  }
  for (const auto& url : {"duckdb:///" + (folder_ / "shop.duckdb").string(), "ducklake:" + catalog}) {
    EXPECT_EQ(socket_path(url, "shop"), socket_path(url, "wiki")) << url;
  }
}

TEST_F(SocketPath, fits_into_a_socket_address_whatever_the_folder) {
  const fs::path deep = folder_ / std::string(100, 'd');
  fs::create_directory(deep);
  setenv("XDG_RUNTIME_DIR", deep.c_str(), 1);
  const auto path = socket_path("duckdb:///" + std::string(300, 'x') + ".duckdb", "shop");
  EXPECT_LT(path.size(), 108U);
  EXPECT_EQ(path.find(std::string(100, 'd')), std::string::npos);
}

TEST_F(SocketPath, where_somebody_answers_wins_over_the_first_folder) {
  const std::string url = "duckdb:///" + (folder_ / "shop.duckdb").string();
  const fs::path temporary = folder_ / "tmp";
  fs::create_directory(temporary);
  setenv("TMPDIR", temporary.c_str(), 1);
  unsetenv("XDG_RUNTIME_DIR");
  const auto elsewhere = socket_path(url, "shop");  // where a run started by cron listens
  unsetenv("TMPDIR");
  if (elsewhere.find(temporary.string()) == std::string::npos) GTEST_SKIP() << "this user has a /run/user folder";
  prepare_socket_folder(fs::path(elsewhere).parent_path());
  const int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  elsewhere.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listening, 1), 0);
  setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
  setenv("TMPDIR", temporary.c_str(), 1);
  EXPECT_EQ(probe(elsewhere), Dialled::State::connected);
  EXPECT_EQ(socket_path(url, "shop"), elsewhere);
  ::close(listening);
  EXPECT_EQ(probe(elsewhere), Dialled::State::nobody);
  EXPECT_NE(socket_path(url, "shop"), elsewhere);
  unsetenv("TMPDIR");
}

TEST_F(SocketPath, a_folder_that_others_may_enter_is_closed) {
  const fs::path open = folder_ / "walbrook";
  ASSERT_EQ(mkdir(open.c_str(), 0777), 0);
  ASSERT_EQ(chmod(open.c_str(), 0777), 0);
  prepare_socket_folder(open);
  struct stat found {};
  ASSERT_EQ(stat(open.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
}

TEST_F(SocketPath, a_folder_that_is_not_ours_is_refused) {
  fs::create_directory(folder_ / "real");
  fs::create_directory_symlink(folder_ / "real", folder_ / "walbrook");
  EXPECT_THROW(prepare_socket_folder(folder_ / "walbrook"), Error);
  if (geteuid() != 0) GTEST_SKIP() << "giving a folder away takes root";
  fs::create_directory(folder_ / "theirs");
  ASSERT_EQ(chown((folder_ / "theirs").c_str(), 65534, 65534), 0);
  EXPECT_THROW(prepare_socket_folder(folder_ / "theirs"), Error);
}

// The user who created /tmp/walbrook-1000 first would prevent every run of that user from having a socket.
TEST_F(SocketPath, a_folder_of_another_user_is_passed_over) {
  if (geteuid() != 0) GTEST_SKIP() << "giving a folder away takes root";
  const std::string url = "duckdb:///" + (folder_ / "shop.duckdb").string();
  const auto first = fs::path(socket_path(url, "shop")).parent_path();
  ASSERT_EQ(first, folder_ / "walbrook");
  EXPECT_EQ(taken_socket_folder(socket_path(url, "shop")), "");
  fs::create_directory(first);
  ASSERT_EQ(chown(first.c_str(), 65534, 65534), 0);
  const auto next = fs::path(socket_path(url, "shop")).parent_path();
  EXPECT_NE(next, first);
  EXPECT_EQ(taken_socket_folder(socket_path(url, "shop")), first.string());
  // Another user's link to one of our folders is not one of our folders.
  fs::remove(first);
  fs::create_directory(folder_ / "real");
  fs::create_directory_symlink(folder_ / "real", first);
  EXPECT_EQ(fs::path(socket_path(url, "shop")).parent_path(), next);
}

}  // namespace
}  // namespace walbrook::serve
