// What is copied next, in which chunks, and what follows when an attempt ends, all decided without a server.
#include "replication/core/copy_plan.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/error.h"
#include "postgres/slot/slot.h"
#include "replication/core/chunk_plan.h"

namespace walbrook::replication {
namespace {

CopyOrder::Table table_to_copy(Oid oid, std::uint64_t number, std::int64_t bytes = 0) {
  CopyOrder::Table table{.record = {.id = {oid}, .source = oid}, .source = {.oid = oid}, .number = number};
  table.source.bytes = bytes;
  return table;
}

class CopyPlanTest : public ::testing::Test {
 protected:
  [[nodiscard]] bool is_due() const { return std::holds_alternative<RunAgain>(plan_.next(now_)); }
  [[nodiscard]] SteadyTime until() const { return std::get<Wait>(plan_.next(now_)).until; }
  // Begins an attempt that fails with `error` and leaves everything to the next one.
  CopyPlan::Postponed fail(const Error& error) {
    auto tables = plan_.begin();
    try {
      throw Error(error);
    } catch (const Error& failed) {
      return plan_.failed(std::move(tables), failed, now_);
    }
  }

  CopyPlan plan_{false};
  Now now_{.steady = SteadyTime{} + std::chrono::hours(1), .wall = {}};
};

TEST_F(CopyPlanTest, a_newer_order_of_a_table_takes_the_place_of_the_older_one) {
  EXPECT_EQ(until(), SteadyTime::max());
  plan_.add({.tables = {table_to_copy(1, 1), table_to_copy(2, 2)}});
  plan_.add({.tables = {table_to_copy(1, 3)}});
  ASSERT_TRUE(is_due());
  const auto tables = plan_.begin();
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].number, 2U);
  EXPECT_EQ(tables[1].number, 3U);
  EXPECT_FALSE(is_due()) << "an attempt is under way, and nothing else is ordered";
}

TEST_F(CopyPlanTest, orders_of_many_tables_take_time_in_proportion) {
  constexpr Oid tables = 40'000;
  CopyOrder order;
  for (Oid oid = 1; oid <= tables; ++oid) order.tables.push_back(table_to_copy(oid, oid));
  const auto began = std::chrono::steady_clock::now();
  plan_.add(order);
  plan_.add(order);
  // If each table examined all others, it would take 40 s and more.
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_EQ(plan_.begin().size(), tables);
}

TEST_F(CopyPlanTest, what_is_left_over_is_tried_again_later_and_later_while_nothing_gets_done) {
  plan_.add({.tables = {table_to_copy(1, 1), table_to_copy(2, 2)}});
  for (int attempt = 1; attempt <= 3; ++attempt) {
    plan_.ended(plan_.begin(), now_);
    EXPECT_FALSE(is_due());
    EXPECT_EQ(until(), now_.steady + milliseconds(200) * attempt);
    now_.steady = until();
    ASSERT_TRUE(is_due());
  }
  auto left = plan_.begin();
  left.pop_back();
  plan_.ended(std::move(left), now_);
  EXPECT_TRUE(is_due()) << "a table got done";
}

TEST_F(CopyPlanTest, what_the_server_is_short_of_postpones_every_table) {
  plan_.add({.tables = {table_to_copy(1, 1), table_to_copy(2, 2)}});
  const Error no_slot(ErrorKind::source_not_ready, "all replication slots are in use", "Free one.",
                      {.sqlstate = "53400"});
  const auto postponed = fail(no_slot);
  ASSERT_EQ(postponed.results.size(), 2U);
  EXPECT_EQ(postponed.results[1].kind, CopyResult::Kind::postponed);
  EXPECT_EQ(postponed.results[1].number, 2U);
  EXPECT_EQ(to_text(postponed.results[1].why.remedy, Wording::command), "Free one.");
  EXPECT_FALSE(postponed.results[1].why.waited);
  EXPECT_EQ(postponed.shortage, "a free replication slot or connection: all replication slots are in use");
  EXPECT_EQ(until(), SteadyTime::max()) << "the loader orders them again";
}

TEST_F(CopyPlanTest, writers_that_stay_open_postpone_every_table_and_were_waited_for) {
  plan_.add({.tables = {table_to_copy(1, 1)}});
  auto tables = plan_.begin();
  CopyPlan::Postponed postponed;
  try {
    throw postgres::WritersStayOpen(Error(ErrorKind::source_not_ready, "transaction 700 stays open"));
  } catch (const Error& failed) {
    postponed = plan_.failed(std::move(tables), failed, now_);
  }
  ASSERT_EQ(postponed.results.size(), 1U);
  EXPECT_TRUE(postponed.results[0].why.waited);
}

TEST_F(CopyPlanTest, a_lost_connection_is_tried_again_until_the_bound) {
  plan_.add({.tables = {table_to_copy(1, 1)}});
  const Error lost(ErrorKind::connection, "the connection was lost");
  for (int attempt = 0; attempt < 8; ++attempt) {
    EXPECT_TRUE(fail(lost).results.empty());
    now_.steady = until();
  }
  EXPECT_THROW(static_cast<void>(fail(lost)), Error);
}

TEST_F(CopyPlanTest, what_no_time_fixes_ends_the_run) {
  plan_.add({.tables = {table_to_copy(1, 1)}});
  EXPECT_THROW(static_cast<void>(fail(Error(ErrorKind::internal, "a bug"))), Error);
}

TEST(ChunkPlanTest, the_largest_table_comes_first_and_is_cut_where_there_are_several_workers) {
  std::vector<CopyOrder::Table> tables = {table_to_copy(1, 1, 10), table_to_copy(2, 2, 1000)};
  ChunkPlan plan(tables, {.workers = 2, .chunk_bytes = 300}, [](const auto& table) {
    EXPECT_EQ(table.oid, 2U) << "no other table is cut";
    return 10U;
  });
  EXPECT_EQ(tables[0].source.oid, 2U);
  EXPECT_EQ(plan.chunks_of(0), 3U);
  EXPECT_EQ(plan.chunks_of(1), 1U);
  plan.worker_joins();
  std::uint64_t next_page = 0;
  for (int i = 0; i < 3; ++i) {
    const auto chunk = plan.next();
    ASSERT_TRUE(chunk && chunk->pages);
    EXPECT_EQ(chunk->table, 0U);
    EXPECT_EQ(chunk->pages->first, next_page) << "no page is left out, and none comes twice";
    EXPECT_EQ(chunk->pages->end.has_value(), i < 2) << "rows that were added to the last pages are not missed";
    next_page = chunk->pages->end.value_or(0);
  }
  EXPECT_EQ(plan.next()->table, 1U);
  EXPECT_FALSE(plan.next());
}

TEST(ChunkPlanTest, one_worker_copies_whole_tables) {
  std::vector<CopyOrder::Table> tables = {table_to_copy(1, 1, 1'000'000)};
  ChunkPlan plan(tables, {.workers = 1, .chunk_bytes = 300}, [](const auto& /*table*/) { return 10U; });
  EXPECT_EQ(plan.chunks(), 1U);
}

TEST(ChunkPlanTest, the_last_worker_keeps_its_chunk) {
  std::vector<CopyOrder::Table> tables = {table_to_copy(1, 1), table_to_copy(2, 2)};
  ChunkPlan plan(tables, {.workers = 2, .chunk_bytes = 300}, [](const auto& /*table*/) { return 1U; });
  plan.worker_joins();
  plan.worker_joins();
  const auto chunk = *plan.next();
  EXPECT_TRUE(plan.leave_to_others(chunk));
  EXPECT_EQ(plan.next()->table, chunk.table);
  EXPECT_FALSE(plan.leave_to_others(chunk));
}

}  // namespace
}  // namespace walbrook::replication
