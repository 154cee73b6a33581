// Mailbox and doorbell between threads. run-tests also builds this with ThreadSanitizer.
#include "replication/runtime/mailbox.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "replication/runtime/doorbell.h"

namespace walbrook::replication {
namespace {

TEST(MailboxTest, what_threads_post_comes_once_and_in_the_order_of_each) {
  constexpr int posters = 4, posts = 500;
  Doorbell bell;
  Mailbox<std::string> mailbox([&bell] { bell.ring(); });
  std::vector<std::jthread> threads;
  for (int poster = 0; poster < posters; ++poster) {
    threads.emplace_back([&mailbox, poster] {
      for (int i = 0; i < posts; ++i) mailbox.post(std::to_string(poster) + std::to_string(i));
    });
  }
  std::vector<int> next(posters);
  for (int taken = 0; taken < posters * posts;) {
    bell.wait_until(SteadyTime::max());  // if a ring is lost, the test ends only by its timeout
    for (const auto& message : mailbox.take()) {
      const auto poster = static_cast<std::size_t>(message[0] - '0');
      EXPECT_EQ(message.substr(1), std::to_string(next[poster]++));
      ++taken;
    }
  }
  EXPECT_EQ(next, std::vector<int>(posters, posts));
  EXPECT_TRUE(mailbox.take().empty());
}

TEST(DoorbellTest, a_ring_that_nobody_waits_for_is_kept_once) {
  Doorbell bell;
  bell.ring();
  bell.ring();
  bell.wait_until(SteadyTime::max());
  const auto until = std::chrono::steady_clock::now() + milliseconds(20);
  bell.wait_until(until);
  EXPECT_GE(std::chrono::steady_clock::now(), until);
}

}  // namespace
}  // namespace walbrook::replication
