#include "serve/wire_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "serve/local_server.h"

namespace walbrook::serve {
namespace {

TEST(WireJson, a_status_comes_back_as_it_was) {
  replication::RunStatus status;
  status.pipeline = "walbrook";
  status.slot = "s";
  status.publication = "p";
  status.source = "127.0.0.1:5432/shop";
  status.destination = "shop.duckdb";
  status.phase = replication::Phase::streaming;
  status.checkpoint = *Lsn::parse("0/1B00D20");
  status.received = *Lsn::parse("1/2");
  status.server = *Lsn::parse("FFFFFFFF/FFFFFFFF");
  status.waits_for = "the end of pid 4711";
  status.lag_ms = 12.5;
  status.last_commit_lag_ms = 3.25;
  status.queued_bytes = 4096;
  status.spooled_bytes = 65536;
  status.rows_per_second = 560;
  status.applied = {.transactions = 310,
                    .inserts = 882,
                    .updates = 290,
                    .deletes = 32,
                    .truncates = 1,
                    .overflow_values = 2,
                    .loads = 12};
  status.copy_snapshot = {.seconds = 1.5, .consistent_point = *Lsn::parse("0/1B00D28"), .xmin = "4711"};
  status.tables.push_back({.schema = "public",
                           .name = "we\"ird\n",
                           .target_schema = "public",
                           .target_name = "x",
                           .state = destination::OutputState::suspended,
                           .reason = "why",
                           .copied_rows = 7,
                           .estimated_rows = -1,
                           .inserts = 1,
                           .updates = 2,
                           .deletes = 3,
                           .resync_where = "id < 10",
                           .part_under_way = true,
                           .part_waits_for = "a slot"});
  const auto back = status_from_json(to_json(status));
  EXPECT_EQ(to_json(back), to_json(status));
  EXPECT_EQ(back.server, status.server);
  EXPECT_EQ(back.applied.loads, 12U);
  ASSERT_TRUE(back.copy_snapshot);
  EXPECT_EQ(back.copy_snapshot->consistent_point, status.copy_snapshot->consistent_point);
  ASSERT_EQ(back.tables.size(), 1U);
  EXPECT_EQ(back.tables[0].name, "we\"ird\n");
  EXPECT_EQ(back.tables[0].estimated_rows, -1);
  EXPECT_EQ(back.tables[0].resync_where, "id < 10");
  EXPECT_TRUE(back.tables[0].part_under_way);
  EXPECT_EQ(back.tables[0].part_waits_for, "a slot");
}

TEST(WireJson, an_answer_keeps_null_apart_from_the_empty_text) {
  SqlAnswer answer{.lsn = *Lsn::parse("0/1A2B3C8"),
                   .result = {.columns = {{"a", "VARCHAR", false}, {"n", "BIGINT", true, true}},
                              .rows = {{std::nullopt, "1"}, {"", std::nullopt}}}};
  const auto back = sql_answer_from_json(to_json(answer));
  EXPECT_EQ(back.lsn, answer.lsn);
  EXPECT_EQ(back.result.rows, answer.result.rows);
  EXPECT_TRUE(back.result.columns[1].numeric);
  EXPECT_TRUE(back.result.columns[1].json);
  EXPECT_FALSE(back.result.columns[0].json);
  EXPECT_EQ(back.result.columns[0].type, "VARCHAR");
}

TEST(WireJson, bytes_that_are_no_utf8_do_not_break_an_answer) {
  SqlAnswer answer{.lsn = {}, .result = {.columns = {{"a", "VARCHAR", false}}, .rows = {{"\xFF"}}}};
  EXPECT_EQ(sql_answer_from_json(to_json(answer)).result.rows[0][0], "\xEF\xBF\xBD");
}

TEST(WireJson, what_is_malformed_is_an_error) {
  EXPECT_THROW(static_cast<void>(status_from_json("{}")), Error);
  EXPECT_THROW(static_cast<void>(status_from_json("nonsense")), Error);
  EXPECT_THROW(static_cast<void>(sql_answer_from_json(R"({"lsn":1})")), Error);
}

}  // namespace
}  // namespace walbrook::serve
