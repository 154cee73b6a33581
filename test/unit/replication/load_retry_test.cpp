#include "replication/core/load_retry.h"

#include <gtest/gtest.h>

#include <vector>

namespace walbrook::replication {
namespace {

constexpr Lsn checkpoint{0x1000};

Now at(SteadyTime steady) {
  return {.steady = steady, .wall = {}};
}

TEST(LoadRetry, the_wait_for_a_destination_that_is_away_grows_to_ten_seconds_and_never_ends) {
  LoadRetry retry(2);
  const Error away(ErrorKind::destination, "away");
  auto now = SteadyTime{} + std::chrono::hours(1);
  std::vector<SteadyTime::duration> waits;
  for (int attempt = 0; attempt < 100; ++attempt) {
    retry.unreachable(away, at(now));
    waits.push_back(retry.wait().until - now);
    now = retry.wait().until;
  }
  EXPECT_EQ(waits.front(), milliseconds(100));
  EXPECT_EQ(waits.back(), milliseconds(10'000));
}

// A server that answers again may refuse something for a moment, such as the lock of the connection that broke.
TEST(LoadRetry, attempts_at_a_destination_that_is_away_are_not_counted) {
  LoadRetry retry(2);
  const Error failed(ErrorKind::destination, "failed");
  const auto now = SteadyTime{} + std::chrono::hours(1);
  for (int attempt = 0; attempt < 10; ++attempt) retry.unreachable(failed, at(now));
  EXPECT_NO_THROW(retry.failed(failed, at(now), checkpoint));
  EXPECT_NO_THROW(retry.failed(failed, at(now), checkpoint));
  EXPECT_THROW(retry.failed(failed, at(now), checkpoint), Error);
  retry.succeeded();
  EXPECT_NO_THROW(retry.failed(failed, at(now), checkpoint));
}

}  // namespace
}  // namespace walbrook::replication
