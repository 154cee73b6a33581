// The queue between receiver and loader: order, limit, and the position that may become the checkpoint.
#include "replication/runtime/batch_queue.h"

#include <gtest/gtest.h>

#include <thread>

#include "replication/runtime/doorbell.h"

namespace walbrook::replication {
namespace {

Batch batch(std::uint64_t checkpoint, std::size_t bytes) {
  CommitBatch out;
  out.checkpoint = Lsn{checkpoint};
  out.transactions.push_back({.commit_lsn = Lsn{checkpoint}});
  out.bytes = bytes;
  return out;
}

TEST(BatchQueue, refuses_more_than_its_bound_but_takes_one_large_one) {
  BatchQueue queue(
      100, [] {}, [] {});
  auto large = batch(1, 1000);
  auto small = batch(2, 1);
  EXPECT_TRUE(queue.try_push(large));
  EXPECT_FALSE(queue.try_push(small));
  EXPECT_EQ(std::get<CommitBatch>(small).transactions.size(), 1U);
  EXPECT_TRUE(queue.take().batch);
  EXPECT_TRUE(queue.try_push(small));
}

// However small the batches are, each is a commit that the end of a run waits for.
TEST(BatchQueue, refuses_more_than_its_bound_of_batches) {
  BatchQueue queue(
      1'000'000, [] {}, [] {});
  std::size_t pushed = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    auto small = batch(i, 1);
    if (!queue.try_push(small)) break;
    ++pushed;
  }
  EXPECT_EQ(pushed, queued_batches_at_most);
  EXPECT_TRUE(queue.take().batch);
  auto one_more = batch(1001, 1);
  EXPECT_TRUE(queue.try_push(one_more));
}

TEST(BatchQueue, tells_the_idle_position_only_with_empty_hands) {
  BatchQueue queue(
      100, [] {}, [] {});
  auto one = batch(1, 1);
  EXPECT_TRUE(queue.is_drained());
  ASSERT_TRUE(queue.try_push(one));
  queue.set_idle_position(Lsn{9});
  auto taken = queue.take();
  EXPECT_TRUE(taken.batch);
  EXPECT_FALSE(queue.is_drained());
  EXPECT_FALSE(queue.is_drained());
  queue.finish_batch();
  taken = queue.take();
  EXPECT_FALSE(taken.batch);
  EXPECT_EQ(taken.idle_position, Lsn{9});
  EXPECT_TRUE(queue.is_drained());
}

TEST(BatchQueue, keeps_the_order_between_two_threads) {
  constexpr std::uint64_t count = 5000;
  Doorbell loader_bell, receiver_bell;
  BatchQueue queue(
      50, [&] { loader_bell.ring(); }, [&] { receiver_bell.ring(); });
  std::jthread receiver([&] {
    for (std::uint64_t i = 1; i <= count; ++i) {
      auto next = batch(i, i % 40);
      while (!queue.try_push(next)) receiver_bell.wait_until(SteadyTime::max());
      queue.set_idle_position(Lsn{i});
    }
    queue.close();
  });
  std::uint64_t last = 0;
  while (true) {
    auto taken = queue.take();
    if (taken.batch) {
      const auto checkpoint = std::get<CommitBatch>(*taken.batch).checkpoint.value;
      ASSERT_EQ(checkpoint, last + 1);
      last = checkpoint;
      queue.finish_batch();
      continue;
    }
    ASSERT_LE(taken.idle_position.value, last);  // never past what was taken
    if (taken.closed) break;
    loader_bell.wait_until(SteadyTime::max());
  }
  EXPECT_EQ(last, count);
}

}  // namespace
}  // namespace walbrook::replication
