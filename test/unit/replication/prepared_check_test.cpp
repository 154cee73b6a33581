// Prepared transactions and a destination that cannot store them.
#include "replication/setup/prepared_check.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "destination/open_destination.h"

namespace walbrook::replication {
namespace {

std::string refusal(bool wanted, const std::optional<postgres::SlotState>& slot, bool keeps) {
  auto capabilities = destination::capabilities_of("memory:files");
  capabilities.keeps_prepared = keeps;
  try {
    check_keeps_prepared(wanted, slot, capabilities, "files");
  } catch (const Error& refused) {
    EXPECT_EQ(refused.kind(), ErrorKind::configuration);
    return refused.what();
  }
  return "";
}

postgres::SlotState slot(bool two_phase) {
  postgres::SlotState state;
  state.name = "walbrook";
  state.two_phase = two_phase;
  return state;
}

TEST(PreparedCheck, p4_prepared_transactions_are_refused_where_they_cannot_wait) {
  const std::string cause = "prepared transactions cannot wait in files, and the server sends them once";
  EXPECT_EQ(refusal(true, std::nullopt, false).find(cause), 0U);
  EXPECT_EQ(refusal(true, slot(false), false).find(cause), 0U);
}

TEST(PreparedCheck, p4_a_slot_that_has_the_option_is_refused_although_nobody_asks_for_it) {
  EXPECT_NE(refusal(false, slot(true), false).find("Use a slot without two_phase."), std::string::npos);
}

TEST(PreparedCheck, everything_else_is_taken) {
  EXPECT_EQ(refusal(false, std::nullopt, false), "");
  EXPECT_EQ(refusal(false, slot(false), false), "");
  EXPECT_EQ(refusal(true, slot(true), true), "");
}

}  // namespace
}  // namespace walbrook::replication
