#include "base/limited_read.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace walbrook {
namespace {

using std::chrono::milliseconds;

constexpr ReadLimits limits{.bytes = 100, .time = milliseconds(300)};

class LimitedReadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/walbrook-test-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(LimitedReadTest, a_file_comes_whole) {
  std::ofstream(folder_ / "a") << "text\n";
  const auto read = read_limited(folder_ / "a", limits);
  EXPECT_EQ(read.text, "text\n");
  EXPECT_EQ(read.failure, "");
  EXPECT_EQ(read_limited(folder_ / "b", limits).failure, "No such file or directory");
  EXPECT_EQ(read_limited(folder_, limits).failure, "Is a directory");
}

TEST_F(LimitedReadTest, what_has_no_end_is_cut_off) {
  const auto read = read_limited("/dev/zero", limits);
  EXPECT_TRUE(read.is_truncated);
  EXPECT_EQ(read.text.size(), limits.bytes);
  EXPECT_EQ(read.failure, "it holds more than 100 bytes");
}

TEST_F(LimitedReadTest, a_fifo_without_a_writer_is_not_waited_for_long) {
  const auto fifo = folder_ / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(read_limited(fifo, limits).failure, "nothing arrived within 0.3 s");
  std::thread writer([&] {
    const int end = ::open(fifo.c_str(), O_WRONLY);
    EXPECT_EQ(::write(end, "secret\n", 7), 7);
    ::close(end);
  });
  const auto read = read_limited(fifo, {.bytes = 100, .time = milliseconds(20'000)});
  writer.join();
  EXPECT_EQ(read.text, "secret\n");
  EXPECT_EQ(read.failure, "");
}

}  // namespace
}  // namespace walbrook
