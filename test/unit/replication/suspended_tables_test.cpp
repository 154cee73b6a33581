// Tables that a user suspended and resumed, and those that are tried again after they suspended themselves.
#include "replication/core/suspended_tables.h"

#include "replication/core/leaving.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/table_sync_case.h"

namespace walbrook::replication {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime noon = WallTime{} + hours(500'000);

class SuspendedTablesTest : public TableSyncCase {
 protected:
  void request(Requested what, const std::string& name = "items") {
    SuspendedTables suspended(sync(), milliseconds(0));
    const std::vector<postgres::TableName> names = {{.schema = "public", .name = name}};
    check_request(what, sync().state(), names);
    store(suspended.request(what, names));
  }
  [[nodiscard]] std::string refusal(Requested what, const std::string& name = "items") {
    try {
      check_request(what, sync().state(), {{.schema = "public", .name = name}});
    } catch (const Error& refused) {
      EXPECT_EQ(refused.kind(), ErrorKind::configuration);
      return refused.cause();
    }
    return {};
  }
  void expect_by_request() {
    EXPECT_TRUE(is_suspended_by_request(record(items_oid))) << to_string(state_of(items_oid));
    EXPECT_EQ(record(items_oid).reason, "by request");
  }
  void suspend_itself() { store({(suspend(output(items_oid), "a value that does not fit"), record(items_oid))}); }
  void streams_at(SuspendedTables& suspended, WallTime now) {
    order();
    copy(items_oid, items(), {{1, "a"}}, 0x900);
    swap_in(items_oid);
    if (suspended.streams_again(output(items_oid), now)) store({record(items_oid)});
  }
};

TEST_F(SuspendedTablesTest, a_request_holds_until_another_one) {
  begin();
  stream(items(), {{1, "a"}});
  request(Requested::suspend);
  expect_by_request();
  begin();
  see_table(in_catalog(items()));
  expect_by_request();
  see_table(in_catalog(items(), {.publication = "p2"}));
  EXPECT_TRUE(sync().copy_again({}, true, "all of them").empty()) << "it was not asked for by name";
  EXPECT_TRUE(sync().compare_targets(destination()).empty());
  EXPECT_TRUE(order().empty());
  expect_by_request();
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  request(Requested::resume);
  expect_pending("a resume was requested");
  EXPECT_FALSE(stored("items")->suspension.by_request);
}

TEST_F(SuspendedTablesTest, a_resync_ends_a_suspension_too) {
  begin();
  stream(items());
  request(Requested::suspend);
  request(Requested::resync);
  expect_pending("a resync was requested");
}

TEST_F(SuspendedTablesTest, an_altered_identity_ends_no_request) {
  begin();
  stream(items());
  see_table(in_catalog(items()));
  request(Requested::suspend);
  auto altered = in_catalog(items());
  altered.row_identity.unclear = "its partitions have nothing in common";
  see_table(altered);
  expect_by_request();
  see_table(in_catalog(items()));
  expect_by_request();
}

TEST_F(SuspendedTablesTest, a_table_that_cannot_be_replicated_keeps_that_reason_when_it_is_resumed) {
  begin();
  stream(items());
  request(Requested::suspend);
  auto altered = in_catalog(items());
  altered.row_identity.unclear = "its partitions have nothing in common";
  see_table(altered);
  request(Requested::resume);
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  EXPECT_FALSE(is_suspended_by_request(record(items_oid)));
  EXPECT_NE(record(items_oid).reason.find("nothing in common"), std::string::npos);
}

TEST_F(SuspendedTablesTest, a_request_stays_with_a_table_that_is_renamed_or_created_again) {
  begin();
  stream(items(), {{1, "a"}});
  request(Requested::suspend);
  see_table(in_catalog(items(items_oid, "articles")));
  expect_by_request();
  EXPECT_EQ(record(items_oid).name, "articles");
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "its last copy stays";
  see_table(in_catalog(items(others_oid, "articles")));
  EXPECT_TRUE(is_suspended_by_request(record(others_oid)));
  EXPECT_TRUE(order().empty());
}

TEST_F(SuspendedTablesTest, a_request_ends_when_the_table_leaves_the_publication) {
  begin();
  stream(items());
  request(Requested::suspend);
  see(published({}));
  EXPECT_EQ(stored("items")->state, OutputState::removed);
  EXPECT_FALSE(stored("items")->suspension.by_request);
  see_table(in_catalog(items()));
  expect_pending("the table is published again");
}

TEST_F(SuspendedTablesTest, requests_that_change_nothing_are_refused) {
  begin();
  stream(items());
  EXPECT_EQ(refusal(Requested::resume), "nothing is resumed: table public.items is not suspended");
  EXPECT_EQ(refusal(Requested::suspend, "itens"), "nothing is suspended: this pipeline has no table public.itens");
  request(Requested::suspend);
  EXPECT_EQ(refusal(Requested::suspend), "nothing is suspended: table public.items is suspended by request already");
  request(Requested::resume);
  EXPECT_EQ(refusal(Requested::resume), "nothing is resumed: table public.items is not suspended");
  suspend_itself();
  EXPECT_EQ(refusal(Requested::suspend), "") << "so that no run tries it again";
  EXPECT_EQ(refusal(Requested::resume), "");
}

TEST_F(SuspendedTablesTest, waits_double_up_to_a_day) {
  EXPECT_EQ(retry_wait(seconds(30), 0), seconds(30));
  EXPECT_EQ(retry_wait(seconds(30), 1), minutes(1));
  EXPECT_EQ(retry_wait(seconds(30), 3), minutes(4));
  EXPECT_EQ(retry_wait(seconds(30), 12), hours(24));
  EXPECT_EQ(retry_wait(seconds(30), 4'000'000'000U), hours(24));
  EXPECT_EQ(retry_wait(hours(30), 0), hours(24));
}

TEST_F(SuspendedTablesTest, attempts_are_made_when_they_are_due) {
  begin();
  stream(items());
  see_table(in_catalog(items()));
  SuspendedTables suspended(sync(), minutes(10));
  suspend_itself();
  suspended.look();
  store(suspended.schedule(noon));
  EXPECT_EQ(stored("items")->suspension.retry_at, noon + minutes(10));
  EXPECT_EQ(suspended.next_retry(), noon + minutes(10));
  EXPECT_TRUE(suspended.retry(noon + minutes(9), destination()).empty());
  store(suspended.retry(noon + minutes(10), destination()));
  expect_pending("attempt 1 after its suspension");
  EXPECT_EQ(stored("items")->suspension.attempts, 1U);
  EXPECT_FALSE(suspended.next_retry());
  order();
  suspend_itself();  // its copy failed
  suspended.look();
  store(suspended.schedule(noon + minutes(11)));
  EXPECT_EQ(stored("items")->suspension.retry_at, noon + minutes(31));
}

TEST_F(SuspendedTablesTest, a_table_that_streams_only_for_a_moment_waits_longer_each_time) {
  begin();
  stream(items());
  see_table(in_catalog(items()));
  SuspendedTables suspended(sync(), minutes(10));
  suspend_itself();
  suspended.look();
  store(suspended.schedule(noon));
  store(suspended.retry(noon + minutes(10), destination()));
  streams_at(suspended, noon + minutes(10));
  EXPECT_EQ(stored("items")->suspension.retry_at, noon + minutes(30));
  suspend_itself();
  suspended.look();
  store(suspended.schedule(noon + minutes(12)));
  EXPECT_EQ(stored("items")->suspension.attempts, 1U);
  EXPECT_EQ(stored("items")->suspension.retry_at, noon + minutes(32));
  store(suspended.retry(noon + minutes(32), destination()));
  streams_at(suspended, noon + minutes(32));
  suspend_itself();
  suspended.look();
  store(suspended.schedule(noon + minutes(72)));
  EXPECT_EQ(stored("items")->suspension.attempts, 0U) << "it has streamed for as long as the last wait";
  EXPECT_EQ(stored("items")->suspension.retry_at, noon + minutes(82));
}

TEST_F(SuspendedTablesTest, a_start_is_an_attempt_and_continues_the_waits) {
  begin();
  stream(items());
  suspend_itself();
  begin();
  see_table(in_catalog(items()));
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  suspend_itself();
  SuspendedTables suspended(sync(), minutes(10));
  store(suspended.schedule(noon));
  EXPECT_EQ(stored("items")->suspension.attempts, 1U);
  EXPECT_EQ(stored("items")->suspension.retry_at, noon + minutes(20));
  SuspendedTables without(sync(), milliseconds(0));
  store(without.schedule(noon));
  EXPECT_EQ(stored("items")->suspension.retry_at, WallTime{}) << "this run tries nothing";
}

TEST_F(SuspendedTablesTest, what_nobody_wants_copied_is_not_tried) {
  begin();
  stream(items());
  see_table(in_catalog(items()));
  SuspendedTables suspended(sync(), minutes(10));
  request(Requested::suspend);
  suspended.look();
  EXPECT_TRUE(suspended.schedule(noon).empty());
  EXPECT_FALSE(suspended.next_retry());
  request(Requested::resume);
  suspend_itself();
  output(items_oid).record.changes_only = true;
  suspended.look();
  EXPECT_TRUE(suspended.schedule(noon).empty());
}

TEST_F(SuspendedTablesTest, an_altered_target_beyond_resync_max_size_waits_for_its_resync) {
  begin({.suspicion = {.resync_max_size = 1 << 20U}});
  auto table = in_catalog(items());
  stream(items());
  table.bytes = 2 << 20U;
  see_table(table);
  SuspendedTables suspended(sync(), minutes(10));
  suspend_itself();
  suspended.look();
  store(suspended.schedule(noon));
  close();
  contract::run_in_duckdb(file(), {"ALTER TABLE public.items DROP COLUMN note"});
  begin({.suspicion = {.resync_max_size = 1 << 20U}});
  see_table(table);
  store(sync().compare_targets(destination()));
  ASSERT_EQ(state_of(items_oid), OutputState::suspended) << "too large at the start too";
  SuspendedTables next(sync(), minutes(10));
  store(next.schedule(noon));
  store(next.retry(noon + hours(1), destination()));
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  EXPECT_NE(record(items_oid).reason.find("resync_max_size is 1 MB"), std::string::npos) << record(items_oid).reason;
}

}  // namespace
}  // namespace walbrook::replication
