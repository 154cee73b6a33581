#include "base/user_paths.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <new>
#include <optional>
#include <stdexcept>

#include "base/error.h"
#include "base/process_limits.h"

namespace walbrook {
namespace {

// Restores HOME when the test ends.
class UserPaths : public ::testing::Test {
 protected:
  UserPaths() {
    if (const char* home = std::getenv("HOME")) before_ = home;
  }
  ~UserPaths() override {
    if (before_) setenv("HOME", before_->c_str(), 1);
  }

 private:
  std::optional<std::string> before_;
};

TEST_F(UserPaths, a_tilde_is_the_home_folder) {
  setenv("HOME", "/home/you", 1);
  EXPECT_EQ(expand_home("~/x.duckdb"), "/home/you/x.duckdb");
  EXPECT_EQ(expand_home("~"), "/home/you");
  EXPECT_EQ(expand_home("./~/x"), "./~/x");
  EXPECT_EQ(expand_home("a/~/x"), "a/~/x");
  EXPECT_EQ(expand_home(""), "");
  EXPECT_THROW(static_cast<void>(expand_home("~joe/x")), Error);
}

TEST_F(UserPaths, without_home_the_user_database_is_asked) {
  unsetenv("HOME");
  if (geteuid() != 0) GTEST_SKIP() << "this user's home folder is not known here";
  EXPECT_EQ(expand_home("~/x"), "/root/x");
}

TEST(CurrentFolder, one_that_was_deleted_is_an_error_of_its_own) {
  std::string name = "/tmp/walbrook-test-XXXXXX";
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(name);
  EXPECT_NO_THROW(require_current_folder("x is relative to"));
  std::filesystem::remove(name);
  try {
    require_current_folder("x is relative to");
    ADD_FAILURE() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.cause(), "x is relative to the current folder, which was deleted");
    EXPECT_EQ(error.kind(), ErrorKind::configuration);
  }
  std::filesystem::current_path(before);
}

TEST(ProcessLimits, a_lack_of_memory_is_called_so) {
  EXPECT_EQ(unexpected_error(std::bad_alloc()).cause(), "there is no memory left");
  EXPECT_NE(unexpected_error(std::bad_alloc()).hint(), "");
  EXPECT_EQ(unexpected_error(std::runtime_error("odd")).cause(), "something unexpected: odd");
}

}  // namespace
}  // namespace walbrook
