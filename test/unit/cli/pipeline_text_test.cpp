#include "cli/pipeline/pipeline_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/pipeline/pipeline_schema.h"

namespace walbrook::cli {
namespace {

using destination::OutputState;
using destination::StoredLoad;
using destination::StoredSchemaChange;
using destination::StoredTable;

WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(1'700'000'000 + seconds)) + std::chrono::milliseconds(5);
}

StoredLoad load(std::int64_t id, int finished) {
  StoredLoad made;
  made.id = id;
  made.started = at(finished - 1);
  made.finished = at(finished);
  return made;
}

StoredSchemaChange change(const std::string& column, int seconds) {
  return {.table = "public.t", .column = column, .what = "added", .since = {}, .at = at(seconds)};
}

TEST(PipelineText, times_are_utc) {
  EXPECT_EQ(utc_text(at(0)), "2023-11-14 22:13:20 UTC");
  EXPECT_EQ(utc_json(at(0)), "2023-11-14T22:13:20.005000Z");
}

TEST(PipelineText, a_schema_change_belongs_to_the_load_that_follows_it) {
  const std::vector<StoredLoad> loads = {load(3, 30), load(2, 20), load(1, 10)};
  const std::vector<StoredSchemaChange> changes = {change("before_1", 5), change("with_2", 20), change("before_3", 25),
                                                   change("since", 31)};
  const auto trace = make_trace(loads, changes, 2);
  ASSERT_EQ(trace.steps.size(), 2U);
  ASSERT_EQ(trace.steps[0].changes.size(), 1U);
  EXPECT_EQ(trace.steps[0].changes[0].column, "before_3");
  ASSERT_EQ(trace.steps[1].changes.size(), 1U);
  EXPECT_EQ(trace.steps[1].changes[0].column, "with_2");
  ASSERT_EQ(trace.since.size(), 1U);
  EXPECT_EQ(trace.since[0].column, "since");
  EXPECT_TRUE(trace_text(trace).starts_with("since load 3\n  schema: public.t: column \"since\" added, 2023-11-14"))
      << trace_text(trace);
  EXPECT_EQ(make_trace({}, changes, 1).since.size(), 4U);
  EXPECT_TRUE(trace_text(make_trace({}, changes, 1)).starts_with("no load yet\n"));
  EXPECT_TRUE(trace_text({}).starts_with("no load yet"));
}

TEST(PipelineText, only_suspended_tables_have_failed) {
  StoredTable good, bad;
  good.record.name = "good";
  good.record.state = OutputState::pending;
  bad.record.schema = bad.record.target_schema = "s";
  bad.record.name = bad.record.target_name = "bad";
  bad.record.state = OutputState::suspended;
  bad.record.reason = "a\x1b[31mreason";
  EXPECT_EQ(failed_text("shop", {good}), "no table of pipeline shop is suspended\n");
  EXPECT_TRUE(failed_text("shop", {good, bad}).starts_with("s.bad: a\\x1B[31mreason\n  Fix the cause;"))
      << failed_text("shop", {good, bad});
  const auto json = nlohmann::json::parse(failed_json("shop", {good, bad})).at("failed");
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0].at("table"), "s.bad");
}

TEST(PipelineSchema, only_tables_with_a_copy_are_told) {
  StoredTable table;
  table.record.schema = "public";
  table.record.name = "t";
  table.record.target_schema = "copy";
  table.record.target_name = "T <1>";
  table.columns = {{.name = "a\"b", .type = "VARCHAR", .source = "a\"b", .is_key = true},
                   {.name = "n__v_text", .type = "VARCHAR", .source = "n", .is_overflow = true}};
  const destination::StoredPipeline pipeline{
      .name = "p", .checkpoint = {.slot = {}, .systemid = {}, .lsn = Lsn{0x10}}, .written = {}};
  EXPECT_EQ(nlohmann::json::parse(schema_json(pipeline, {table, StoredTable{}})), nlohmann::json::parse(R"({
    "pipeline": "p", "checkpoint": "0/10", "tables": [
      {"table": "copy.T <1>", "source": "public.t", "state": "pending", "columns": [
        {"name": "a\"b", "type": "VARCHAR", "key": true},
        {"name": "n__v_text", "type": "VARCHAR", "overflow_of": "n"}]}]})"));
  const auto of_program = nlohmann::json::parse(schema_json({.name = "q", .checkpoint = {}, .written = {}}, {}));
  EXPECT_EQ(of_program, nlohmann::json::parse(R"({"pipeline": "q", "checkpoint": null, "tables": []})"));
}

}  // namespace
}  // namespace walbrook::cli
