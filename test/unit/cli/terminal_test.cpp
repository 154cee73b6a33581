// What is written to stdout arrives, whatever kind of file stdout is.
#include "cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace walbrook::cli {
namespace {

// Makes stdout the writing end of a pipe while this object lives.
class PipeAsStdout {
 public:
  PipeAsStdout() : before_(::dup(STDOUT_FILENO)) {
    if (::pipe(ends_.data()) != 0) ADD_FAILURE() << "pipe failed";
    ::dup2(ends_[1], STDOUT_FILENO);
    ::close(ends_[1]);
  }
  PipeAsStdout(const PipeAsStdout&) = delete;
  PipeAsStdout& operator=(const PipeAsStdout&) = delete;
  ~PipeAsStdout() {
    restore();
    ::close(ends_[0]);
  }

  void restore() {
    if (before_ < 0) return;
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
    before_ = -1;
  }
  [[nodiscard]] int reader() const { return ends_[0]; }

 private:
  int before_;
  std::array<int, 2> ends_{};
};

// ssh and Node.js leave such descriptors to the processes that they start.
TEST(Terminal, a_result_waits_for_room_in_a_nonblocking_pipe) {
  PipeAsStdout pipe;
  ::fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
  std::string read_text;
  std::thread reader([&] {
    std::array<char, 4096> buffer{};
    for (ssize_t got = 1; got > 0;) {
      got = ::read(pipe.reader(), buffer.data(), buffer.size());
      if (got > 0) read_text.append(buffer.data(), static_cast<std::size_t>(got));
    }
  });
  const std::string text(1U << 20U, 'x');  // a pipe holds 64 kB
  bool written = false;
  EXPECT_NO_THROW(written = write_result(text));
  pipe.restore();
  reader.join();
  EXPECT_TRUE(written);
  EXPECT_EQ(read_text.size(), text.size());
}

}  // namespace
}  // namespace walbrook::cli
