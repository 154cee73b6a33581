// User requests: tables leave the publication, are followed without a copy, or get another style; targets are altered;
// copies are postponed.
#include <algorithm>

#include "replication/core/copy_queue.h"
#include "replication/core/leaving.h"
#include "replication/core/table_changes.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/table_sync_case.h"

namespace walbrook::replication {
namespace {

class TableSyncRequestsTest : public TableSyncCase {};

// ---- leaving the publication ----

postgres::Publication without_tables(std::uint64_t lsn, std::uint64_t next_xid, std::uint64_t oldest_xid) {
  auto publication = published({});
  publication.moment = {.lsn = Lsn{lsn}, .next_xid = next_xid, .oldest_xid = oldest_xid};
  return publication;
}

TEST_F(TableSyncRequestsTest, a_table_that_leaves_keeps_what_was_published_before) {
  begin();
  stream(items(), {{1, "a"}});
  see(without_tables(0x70, 702, 700));
  EXPECT_EQ(sync().find(items_oid)->record.leaves_xid, 702U);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_FALSE(sync().any_streaming());
  EXPECT_TRUE(sync().any_leaving());
  EXPECT_NE(sync().find_by_relation(items_oid), nullptr) << "its changes are still its own";
  EXPECT_TRUE(sync().remove_departed(Lsn{0x1000}).empty()) << "transaction 700 was open when it left";
  see(without_tables(0x90, 705, 702));
  EXPECT_EQ(sync().last_leaves_at(), Lsn{0x90});
  EXPECT_TRUE(sync().remove_departed(Lsn{0x88}).empty());
  const auto gone = sync().remove_departed(Lsn{0x90});
  ASSERT_EQ(gone.outputs.size(), 1U);
  EXPECT_EQ(gone.outputs[0].state, OutputState::removed);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "its last copy stays";
}

TEST_F(TableSyncRequestsTest, a_table_that_comes_back_is_copied) {
  begin();
  stream(items());
  see(without_tables(0x70, 702, 702));
  see_table(in_catalog(items()));
  expect_pending("the table is published again");
  EXPECT_EQ(sync().find(items_oid)->record.leaves_xid, 0U);
  EXPECT_FALSE(sync().any_leaving());
}

TEST_F(TableSyncRequestsTest, a_table_that_leaves_before_it_is_copied_is_removed) {
  begin();
  see(published({in_catalog(items())}));
  see(without_tables(0x70, 702, 702));
  EXPECT_EQ(stored("items")->state, OutputState::removed);
}

TEST_F(TableSyncRequestsTest, a_leaving_table_that_could_go_on_only_with_a_copy_is_removed) {
  begin();
  stream(items());
  see(without_tables(0x70, 702, 702));
  auto leaving = record(items_oid);
  require_copy(sync().find(items_oid)->record, leaving, "column \"price\" was added in the source");
  EXPECT_EQ(leaving.state, OutputState::removed);
  EXPECT_TRUE(leaving.reason.ends_with("(before it left: column \"price\" was added in the source)")) << leaving.reason;
}

// ---- tables without a copy (--no-snapshot) ----

TEST_F(TableSyncRequestsTest, without_snapshot_a_new_table_begins_with_its_changes) {
  begin({.snapshot = false});
  see(published({in_catalog(items())}));
  EXPECT_TRUE(record(items_oid).changes_only);
  EXPECT_TRUE(copies_no_rows(record(items_oid)));
}

TEST_F(TableSyncRequestsTest, a_table_that_joins_later_is_copied_where_that_is_asked) {
  begin({.snapshot = false, .copy_joining = true});
  auto publication = published({in_catalog(items()), in_catalog(items(others_oid, "others"))});
  publication.joined = {others_oid};
  see(publication);
  EXPECT_TRUE(record(items_oid).changes_only);
  EXPECT_FALSE(record(others_oid).changes_only);
}

TEST_F(TableSyncRequestsTest, a_table_with_changes_alone_is_never_copied_for_a_fingerprint) {
  begin({.snapshot = false});
  stream(items());
  ASSERT_TRUE(record(items_oid).changes_only);
  const auto now = in_catalog(items(), {.publication = "p2"});
  see_table(now);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(stored("items")->fingerprint, now.fingerprint);
  see(published({in_catalog(items(others_oid))}));
  EXPECT_EQ(state_of(others_oid), OutputState::streaming) << "dropped and created again: it goes on";
}

TEST_F(TableSyncRequestsTest, a_resync_gives_a_table_with_changes_alone_its_rows) {
  begin({.snapshot = false});
  stream(items());
  EXPECT_TRUE(sync().copy_again({}, true, "all of them").empty()) << "it was not asked for by name";
  const auto changed = sync().copy_again({{.schema = "public", .name = "items"}}, false, "a resync was requested");
  ASSERT_EQ(changed.outputs.size(), 1U);
  EXPECT_EQ(changed.outputs[0].state, OutputState::pending);
  EXPECT_FALSE(changed.outputs[0].changes_only);
}

// ---- user requests for the target ----

TEST_F(TableSyncRequestsTest, another_dataset_moves_the_table) {
  begin();
  stream(items(), {{1, "a"}});
  begin({.dataset = "lake"});
  see_table(in_catalog(items()));
  expect_pending("other names, types or metadata columns are requested than when it was copied");
  ASSERT_TRUE(output(items_oid).moves_to);
  EXPECT_EQ(output(items_oid).moves_to->schema, "lake");
  order();
  copy(items_oid, items(), {{2, "b"}}, 0x2000);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  swap_in(items_oid);
  EXPECT_EQ(rows("lake.items"), Lines{"2|b"});
  EXPECT_FALSE(is_there("public.items"));
  EXPECT_EQ(record(items_oid).target_schema, "lake");
}

TEST_F(TableSyncRequestsTest, another_type_is_copied_and_a_description_is_not) {
  begin();
  stream(items());
  begin();
  auto table = in_catalog(items());
  table.overrides["note"].description = "what the customer wrote";
  EXPECT_TRUE(see_table(table).empty());
  const auto described = sync().take_described();
  ASSERT_EQ(described.size(), 1U);
  EXPECT_EQ(described[0].columns->columns[1].description, "what the customer wrote");
  EXPECT_TRUE(sync().take_described().empty());
  begin();
  table.overrides["note"].name = "remark";
  see_table(table);
  expect_pending("other names, types or metadata columns are requested than when it was copied");
}

TEST_F(TableSyncRequestsTest, a_resync_of_all_takes_what_can_be_copied) {
  begin();
  stream(items());
  stream(items(others_oid, "others"));
  auto publication = published({in_catalog(items())});
  publication.left_out = {
      {.oid = others_oid, .schema = "public", .name = "others", .lack = "no key", .remedy = "ALTER …"}};
  see(publication);
  const auto changed = sync().copy_again({}, true, "a resync was requested");
  ASSERT_EQ(changed.outputs.size(), 1U);
  EXPECT_EQ(changed.outputs[0].name, "items");
  EXPECT_EQ(state_of(others_oid), OutputState::left_out);
}

// ---- altered targets ----

TEST_F(TableSyncRequestsTest, a_target_that_was_dropped_is_copied) {
  begin();
  stream(items());
  close();
  contract::run_in_duckdb(file(), {"DROP TABLE public.items"});
  begin();
  see_table(in_catalog(items()));
  store(sync().compare_targets(destination()));
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_NE(record(items_oid).reason.find("items"), std::string::npos) << record(items_oid).reason;
}

TEST_F(TableSyncRequestsTest, a_target_that_lacks_a_column_is_suspended_above_a_size) {
  begin();
  stream(items());
  close();
  contract::run_in_duckdb(file(), {"ALTER TABLE public.items DROP COLUMN note"});
  begin({.suspicion = {.resync_max_size = 1 << 20U}});
  auto table = in_catalog(items());
  table.bytes = 5 << 20U;
  see_table(table);
  store(sync().compare_targets(destination()));
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  EXPECT_NE(record(items_oid).reason.find("resync_max_size is 1 MB"), std::string::npos) << record(items_oid).reason;
}

TEST_F(TableSyncRequestsTest, a_name_that_belongs_to_somebody_else_suspends_the_table) {
  begin();
  stream(items());
  close();
  contract::run_in_duckdb(file(), {"DROP TABLE public.items", "CREATE TABLE public.items (mine text)"});
  begin();
  see_table(in_catalog(items()));
  store(sync().compare_targets(destination()));
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  EXPECT_EQ(rows("public.items", "mine"), Lines{}) << "it is not touched";
}

// ---- copies that are postponed ----

TEST_F(TableSyncRequestsTest, a_postponed_copy_is_ordered_again_when_it_is_due) {
  begin();
  see(published({in_catalog(items())}));
  order();
  auto& waiting = output(items_oid);
  postpone(waiting, {.reason = "out of shared memory"}, false, start);
  EXPECT_EQ(waiting.record.state, OutputState::pending);
  EXPECT_EQ(waiting.record.reason, "out of shared memory");
  EXPECT_FALSE(sync().is_settled());
  EXPECT_EQ(next_copy_due(sync().known()), start + milliseconds(1000));
  EXPECT_TRUE(copies_due(sync().known(), start + milliseconds(999)).empty());
  EXPECT_TRUE(order(start + milliseconds(999)).empty());
  EXPECT_EQ(copies_due(sync().known(), start + milliseconds(1000)).size(), 1U);
  EXPECT_EQ(order(start + milliseconds(1000)).size(), 1U);
}

TEST_F(TableSyncRequestsTest, a_run_that_ends_leaves_a_copy_that_waited_to_the_next_one) {
  begin();
  see(published({in_catalog(items())}));
  order();
  postpone(output(items_oid), {.reason = "writers stay open", .waited = true}, false, start);
  EXPECT_TRUE(sync().is_settled());
  EXPECT_EQ(next_copy_due(sync().known()), std::nullopt);
}

}  // namespace
}  // namespace walbrook::replication
