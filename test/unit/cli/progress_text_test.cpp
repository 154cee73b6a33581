#include "cli/progress/progress_text.h"

#include <gtest/gtest.h>

#include <clocale>

#include "base/text.h"

namespace walbrook::cli {
namespace {

class ProgressText : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }

  // 1.64 of 2 million rows, 180 k rows and 212 MB every second.
  static CopyProgress orders() {
    SteadyTime now{};
    CopyProgress copy("public.orders", 2'000'000, 3'000'000'000, now);
    for (int second = 1; second <= 9; ++second) {
      now += std::chrono::seconds(1);
      const auto n = static_cast<std::uint64_t>(second);
      copy.advance(n == 9 ? 1'640'000 : n * 180'000, n * 212'000'000, now);
    }
    return copy;
  }
};

TEST_F(ProgressText, a_bar_tells_rows_speed_and_time_left) {
  EXPECT_EQ(bar_line(orders(), 12, 100, Glyphs::unicode),
            "orders        ████████████████▍░░░  1,640,000 / 2,000,000   212 MB/s  2 s left");
  EXPECT_EQ(bar_line(orders(), 12, 100, Glyphs::ascii),
            "orders        ################....  1,640,000 / 2,000,000   212 MB/s  2 s left");
}

TEST_F(ProgressText, a_bar_never_gets_wider_than_the_terminal) {
  for (std::size_t columns = 1; columns < 120; ++columns) {
    EXPECT_LE(display_width(bar_line(orders(), 40, columns, Glyphs::unicode)), columns);
    EXPECT_LE(display_width(finished_line(orders(), 2'000'000, 9.4, 40, columns, Glyphs::unicode)), columns);
  }
}

TEST_F(ProgressText, an_estimate_that_was_too_low_is_dropped) {
  SteadyTime now{};
  CopyProgress copy("public.a", 10, 1000, now);
  copy.advance(20, 100, now + std::chrono::seconds(1));
  EXPECT_FALSE(copy.expected_rows().has_value());
  EXPECT_FALSE(copy.seconds_left().has_value());
  EXPECT_LT(copy.fraction(), 1);
  EXPECT_EQ(copy_line(copy), "copying public.a: 20 rows, 100 B/s");
}

TEST_F(ProgressText, a_table_that_was_never_analyzed_goes_by_its_bytes) {
  SteadyTime now{};
  CopyProgress copy("s.a", -1, 1000, now);
  EXPECT_EQ(copy.fraction(), 0);
  copy.advance(20, 500, now + std::chrono::seconds(1));
  EXPECT_DOUBLE_EQ(copy.fraction(), 0.5);
  EXPECT_EQ(bar_line(copy, 4, 80, Glyphs::ascii), "s.a   ##########..........  20 rows    500 B/s");
}

TEST_F(ProgressText, a_log_line) {
  EXPECT_EQ(copy_line(orders()), "copying public.orders: 1,640,000 of about 2,000,000 rows, 212 MB/s, 2.0 s left");
}

TEST_F(ProgressText, waiting_names_everybody) {
  EXPECT_EQ(
      waiting_line({{.pid = 4711, .prepared_gid = "", .what = "pid 4711 (app \"psql\", user joe)"},
                    {.pid = 4712, .prepared_gid = "", .what = ""},
                    {.pid = 0, .prepared_gid = "tx1", .what = ""}}),
      "waiting for the end of transactions that are writing in the source: pid 4711 (app \"psql\", user joe), pid "
      "4712, prepared transaction \"tx1\"");
}

TEST_F(ProgressText, the_summary_says_what_was_done) {
  replication::RunSummary summary;
  summary.copied_tables = 4;
  summary.copied_rows = 6'100'000;
  summary.copy_seconds = 9.8;
  summary.checkpoint = *Lsn::parse("0/1B00D20");
  EXPECT_EQ(summary_text(summary, {}, "shop.duckdb"),
            "copied 4 tables, 6.1 M rows in 9.8 s → shop.duckdb (checkpoint 0/1B00D20)\n");
  summary.applied = {.transactions = 310, .inserts = 882, .updates = 290, .deletes = 32};
  summary.apply_seconds = 0.2;
  EXPECT_EQ(summary_text(summary, {}, "shop.duckdb"),
            "copied 4 tables, 6.1 M rows in 9.8 s → shop.duckdb (checkpoint 0/1B00D20)\n"
            "applied 1,204 changes of 310 transactions (882 inserts, 290 updates, 32 deletes) in 0.2 s, 6,020 rows/s; "
            "nothing is waiting\n");
  EXPECT_EQ(summary_text({.checkpoint = summary.checkpoint}, {}, "shop.duckdb"),
            "nothing new → shop.duckdb (checkpoint 0/1B00D20)\n");
}

TEST_F(ProgressText, each_suspended_table_is_an_error_with_its_hint) {
  replication::RunSummary summary;
  EXPECT_TRUE(suspended_errors(summary).empty());
  summary.suspended.push_back({{.schema = "public", .name = "orders", .reason = "why"}, {}});
  const auto errors = suspended_errors(summary);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(exit_code(errors[0].kind()), 5);
  EXPECT_NE(errors[0].cause().find("public.orders"), std::string::npos);
  EXPECT_NE(errors[0].cause().find("why"), std::string::npos);
  EXPECT_FALSE(errors[0].hint().empty());
}

}  // namespace
}  // namespace walbrook::cli
