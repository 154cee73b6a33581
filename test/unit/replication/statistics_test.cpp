// The statistics that a run reports.
#include "replication/core/statistics.h"

#include <gtest/gtest.h>

#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {
namespace {

TEST(StatisticsTest, what_was_applied_adds_up) {
  const SystemClock clock;
  Statistics statistics({}, clock);
  const Counts first{.transactions = 2, .inserts = 3, .updates = 1, .deletes = 1};
  statistics.loaded(first, {{OutputId{1}, {.inserts = 3, .updates = 1, .deletes = 1}}}, 0, 0.5);
  statistics.swapped_in({.transactions = 9, .inserts = 4}, {{OutputId{1}, {.inserts = 4}}});
  const auto status = statistics.snapshot();
  EXPECT_EQ(status.applied.transactions, 2U) << "transactions whose changes waited were counted when they came";
  EXPECT_EQ(status.applied.inserts, 7U);
  EXPECT_EQ(status.applied.loads, 1U);
  ASSERT_EQ(status.tables.size(), 1U);
  EXPECT_EQ(status.tables[0].inserts, 7U);
  EXPECT_DOUBLE_EQ(statistics.load_seconds(), 0.5);
  EXPECT_DOUBLE_EQ(status.rows_per_second, 1.0) << "five changes in the last five seconds";
}

TEST(StatisticsTest, a_table_is_shown_as_its_record_says) {
  const SystemClock clock;
  Statistics statistics({}, clock);
  SyncedTable table;
  SyncedOutput output;
  output.record = {.id = {1}, .schema = "public", .name = "items", .target_schema = "lake", .target_name = "Items"};
  output.record.state = OutputState::copying;
  table.source.estimated_rows = 50;
  statistics.output(table, output);
  statistics.waits_for("transaction 700 of PID 12");
  auto shown = statistics.snapshot().tables.at(0);
  EXPECT_EQ(shown.state, OutputState::copying);
  EXPECT_EQ(shown.target_schema + "." + shown.target_name, "lake.Items");
  EXPECT_EQ(shown.estimated_rows, 50);
  EXPECT_EQ(shown.reason, "waits for transaction 700 of PID 12");
  statistics.copy_progress({1}, 20);
  shown = statistics.snapshot().tables.at(0);
  EXPECT_EQ(shown.copied_rows, 20U);
  EXPECT_EQ(statistics.copied_rows({1}), 20U);
  EXPECT_EQ(shown.reason, "") << "a copy that has rows does not wait";
  EXPECT_EQ(statistics.copied_rows({2}), 0U);
}

TEST(StatisticsTest, a_snapshot_is_told_as_long_as_it_is_held) {
  const SystemClock clock;
  Statistics statistics({}, clock);
  {
    const Statistics::HoldingSnapshot holding(statistics, {.consistent_point = Lsn{0x2000}, .xmin = "700"});
    ASSERT_TRUE(statistics.snapshot().copy_snapshot);
    EXPECT_EQ(statistics.snapshot().copy_snapshot->xmin, "700");
  }
  EXPECT_FALSE(statistics.snapshot().copy_snapshot);
}

TEST(StatisticsTest, positions_and_phases_are_those_told_last) {
  const SystemClock clock;
  Statistics statistics({}, clock);
  statistics.phase(Phase::copying);
  statistics.phase(Phase::streaming);
  statistics.source("127.0.0.1:5432/shop");
  statistics.checkpoint(Lsn{0x2000});
  statistics.server_position(Lsn{0x3000});
  statistics.copied(1.5);
  const auto status = statistics.snapshot();
  EXPECT_EQ(status.phase, Phase::streaming);
  EXPECT_EQ(status.source, "127.0.0.1:5432/shop");
  EXPECT_EQ(status.checkpoint, Lsn{0x2000});
  EXPECT_EQ(status.server, Lsn{0x3000});
  EXPECT_DOUBLE_EQ(statistics.copy_seconds(), 1.5);
}

}  // namespace
}  // namespace walbrook::replication
