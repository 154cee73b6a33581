// One table's copy, which several workers may share. What reads the source (SnapshotCopier, SnapshotCopy) needs a
// server: it is tested by the scenarios, snapshot_workers_test and copy_postponed_test.
#include "replication/runtime/table_copy.h"

#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {
namespace {

class TableCopyTest : public EngineCase {
 protected:
  void SetUp() override {
    begin();
    see(published({in_catalog(items())}));
    (void)sync().order_copies(1, {});
  }
  [[nodiscard]] TableCopy copy_in(std::size_t chunks) {
    return TableCopy({.record = record(items_oid), .source = sync().find(items_oid)->source, .number = 1}, chunks);
  }
  static RowBatch some(int first, int count, std::size_t width = 1) {
    std::vector<Cells> rows;
    for (int i = 0; i < count; ++i) rows.push_back({first + i, std::string(width, 'x')});
    return contract::inserts(items(), rows);
  }
  // Swaps in what was finished.
  void show() {
    output(items_oid).copied = Lsn{0x1000};
    output(items_oid).copied_columns = items();
    swap_in(items_oid);
  }
};

TEST_F(TableCopyTest, few_rows_are_gathered) {
  auto copy = copy_in(1);
  ASSERT_TRUE(copy.agree(items()));
  const auto progress = copy.append(some(1, 3), 30, destination());
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->rows, 3U);
  EXPECT_EQ(progress->wire_bytes, 30U);
  EXPECT_TRUE(copy.leave());
  EXPECT_EQ(copy.outcome(), TableCopy::Outcome::copied);
  const auto gathered = copy.finish();
  ASSERT_TRUE(gathered) << "they are written together with other small tables";
  EXPECT_EQ(gathered->at(0).rows(), 3U);
}

TEST_F(TableCopyTest, many_rows_are_written) {
  auto copy = copy_in(1);
  ASSERT_TRUE(copy.agree(items()));
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(copy.append(some(i * 1000, 1000, 1000), 0, destination()));
  EXPECT_FALSE(copy.finish());
  EXPECT_EQ(copy.rows(), 6000U);
  show();
  EXPECT_EQ(rows("public.items", "count(*), count(DISTINCT id)"), Lines{"6000|6000"});
}

TEST_F(TableCopyTest, the_last_worker_settles) {
  auto copy = copy_in(3);
  EXPECT_FALSE(copy.leave());
  EXPECT_FALSE(copy.leave());
  EXPECT_TRUE(copy.leave());
}

TEST_F(TableCopyTest, workers_that_see_another_table_give_it_up) {
  auto copy = copy_in(2);
  ASSERT_TRUE(copy.agree(items()));
  EXPECT_FALSE(copy.agree(items(items_oid, "renamed")));
  EXPECT_EQ(copy.outcome(), TableCopy::Outcome::stale);
  EXPECT_FALSE(copy.agree(items())) << "nor does the first one go on";
  EXPECT_FALSE(copy.append(some(1, 1), 0, destination()));
}

TEST_F(TableCopyTest, the_first_reason_holds) {
  auto copy = copy_in(2);
  ASSERT_TRUE(copy.agree(items()));
  copy.give_up(TableCopy::Outcome::failed, "a row could not be read", "a remedy");
  copy.give_up(TableCopy::Outcome::stale);
  EXPECT_TRUE(copy.given_up());
  EXPECT_EQ(copy.outcome(), TableCopy::Outcome::failed);
  EXPECT_EQ(copy.reason(), "a row could not be read");
  EXPECT_EQ(to_text(copy.remedy(), Wording::command), "a remedy");
}

TEST_F(TableCopyTest, a_copy_that_begins_again_in_text_holds_nothing_of_the_first) {
  auto copy = copy_in(4);
  ASSERT_TRUE(copy.agree(items()));
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(copy.append(some(i * 1000, 1000, 1000), 0, destination()));
  copy.give_up(TableCopy::Outcome::text, "a value comes in text alone");
  copy.begin_again_in_text();
  EXPECT_TRUE(copy.in_text());
  EXPECT_EQ(copy.rows(), 0U);
  ASSERT_TRUE(copy.agree(items()));
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(copy.append(some(i, 1, 1'000'000), 0, destination()));
  EXPECT_TRUE(copy.leave()) << "it is copied as a whole";
  EXPECT_FALSE(copy.finish());
  show();
  EXPECT_EQ(rows("public.items", "count(*), max(id)"), Lines{"6|5"});
}

}  // namespace
}  // namespace walbrook::replication
