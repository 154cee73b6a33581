// When a copy that cannot be made at first is tried again, and when a run gives it up.
#include "replication/core/postponement.h"

#include <gtest/gtest.h>

#include <optional>

namespace walbrook::replication {
namespace {

constexpr SteadyTime first_try{};
const CannotCopyNow shortage{.reason = "out of shared memory", .remedy = {}};

// Returns the result of that many postponements in a row.
Postponement after(int times, bool follow, const CannotCopyNow& why = shortage) {
  std::optional<Postponement> last;
  for (int i = 0; i < times; ++i) last = postponed(last ? &*last : nullptr, why, follow, first_try);
  return *last;
}

TEST(Postponement, is_tried_again_later_each_time_up_to_a_minute) {
  EXPECT_EQ(after(1, true).again_at - first_try, milliseconds(1'000));
  EXPECT_EQ(after(2, true).again_at - first_try, milliseconds(2'000));
  EXPECT_EQ(after(4, true).again_at - first_try, milliseconds(8'000));
  EXPECT_EQ(after(100, true).again_at - first_try, longest_postponement);
  EXPECT_FALSE(after(100, true).given_up);
}

TEST(Postponement, is_given_up_by_a_run_that_does_not_follow) {
  EXPECT_FALSE(after(postponed_at_most - 1, false).given_up);
  EXPECT_TRUE(after(postponed_at_most, false).given_up);
  EXPECT_TRUE(after(1, false, {.reason = "open transactions", .remedy = {}, .waited = true}).given_up);
  EXPECT_FALSE(after(1, true, {.reason = "open transactions", .remedy = {}, .waited = true}).given_up);
}

TEST(Postponement, is_due_from_its_moment_on_unless_it_was_given_up) {
  const auto once = after(1, true);
  EXPECT_FALSE(is_due(once, once.again_at - milliseconds(1)));
  EXPECT_TRUE(is_due(once, once.again_at));
  EXPECT_FALSE(is_due(after(postponed_at_most, false), first_try + std::chrono::hours(1)));
}

}  // namespace
}  // namespace walbrook::replication
