// The state that a table gets from what the catalog shows of it: every transition, with the stored reason.
#include <algorithm>

#include "replication/core/copy_queue.h"
#include "replication/core/leaving.h"
#include "replication/core/table_changes.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/table_sync_case.h"

namespace walbrook::replication {
namespace {

class TableSyncTest : public TableSyncCase {};

TEST_F(TableSyncTest, a_table_goes_from_pending_by_copying_to_streaming) {
  begin();
  const auto schema = items();
  const auto changed = see(published({in_catalog(schema)}));
  ASSERT_EQ(changed.outputs.size(), 1U);
  EXPECT_EQ(changed.outputs[0].state, OutputState::pending);
  EXPECT_EQ(changed.outputs[0].target_schema, "public");
  EXPECT_EQ(changed.outputs[0].target_name, "items");
  EXPECT_FALSE(sync().is_settled());

  const auto ordered = order();
  ASSERT_EQ(ordered.size(), 1U);
  EXPECT_EQ(ordered[0].output->record.state, OutputState::copying);
  EXPECT_EQ(ordered[0].output->record.load_id, 7);
  EXPECT_EQ(ordered[0].output->copy_number, 1U);
  EXPECT_EQ(ordered[0].output->record.fingerprint, in_catalog(schema).fingerprint);
  EXPECT_FALSE(sync().is_settled());
  EXPECT_TRUE(order().empty()) << "it is ordered once";

  copy(items_oid, schema, {{1, "a"}}, 0x2000);
  EXPECT_FALSE(is_there("public.items"));
  swap_in(items_oid);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(record(items_oid).snapshot_lsn, Lsn{0x2000});
  EXPECT_EQ(*record(items_oid).columns, *schema);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_TRUE(sync().is_settled());
  EXPECT_TRUE(sync().any_streaming());
  EXPECT_TRUE(see(published({in_catalog(schema)})).empty()) << "nothing is otherwise than it was";
}

TEST_F(TableSyncTest, a_new_process_copies_again_what_was_being_copied) {
  begin();
  see(published({in_catalog(items())}));
  order();
  begin();
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_FALSE(output(items_oid).was_suspended);
}

TEST_F(TableSyncTest, a_new_process_gives_a_suspended_table_another_chance) {
  begin();
  stream(items());
  suspend(output(items_oid), "a value was too long");
  store({record(items_oid)});
  begin();
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_TRUE(output(items_oid).was_suspended);
}

TEST_F(TableSyncTest, a_suspended_table_that_has_its_changes_alone_stays_suspended) {
  begin();
  stream(items());
  auto suspended = record(items_oid);
  suspended.changes_only = true;
  suspended.state = OutputState::suspended;
  store({suspended});
  begin();
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
}

TEST_F(TableSyncTest, tables_that_were_not_asked_for_are_passed_over) {
  begin({.wanted = {{.schema = "public", .name = "items"}}});
  const auto other = items(others_oid, "others");
  see(published({in_catalog(items()), in_catalog(other)}));
  EXPECT_NE(sync().find(items_oid), nullptr);
  EXPECT_EQ(sync().find(others_oid), nullptr);
  EXPECT_EQ(sync().find_by_relation(others_oid), nullptr);
}

TEST_F(TableSyncTest, rows_of_a_program_keep_their_name) {
  begin();
  OutputRecord loaded{
      .id = {5}, .schema = "public", .name = "items", .target_schema = "public", .target_name = "items"};
  loaded.state = OutputState::loaded;
  loaded.columns = items(5);
  store({loaded});
  begin();
  EXPECT_EQ(sync().find(5), nullptr) << "it is none of the source's";
  see(published({in_catalog(items())}));
  EXPECT_NE(record(items_oid).target_name, "items");
  EXPECT_TRUE(record(items_oid).target_name.starts_with("items")) << record(items_oid).target_name;
}

TEST_F(TableSyncTest, names_that_differ_by_case_alone_get_a_suffix) {
  begin();
  see(published({in_catalog(items()), in_catalog(items(others_oid, "Items"))}));
  EXPECT_EQ(record(items_oid).target_name, "items");
  EXPECT_NE(record(others_oid).target_name, "Items");
}

TEST_F(TableSyncTest, leaves_belong_to_their_root) {
  begin();
  auto root = in_catalog(items());
  root.partitioned = true;
  root.members = {items_oid, 16401, 16402};
  root.row_identity.rows = {.kind = postgres::RowIdentity::Kind::key, .columns = {"id"}};
  see(published({root}));
  EXPECT_EQ(sync().find_by_relation(16402), sync().find(items_oid));
  EXPECT_EQ(sync().groups().at(16401), items_oid);
  EXPECT_EQ(sync().identities().at(items_oid), root.row_identity.rows);
}

// ---- the catalog shows another table ----

TEST_F(TableSyncTest, a_table_that_was_dropped_and_created_again_is_copied) {
  begin();
  stream(items(), {{1, "a"}});
  see(published({in_catalog(items(others_oid))}));
  EXPECT_EQ(sync().find(items_oid), nullptr);
  EXPECT_EQ(state_of(others_oid), OutputState::pending);
  EXPECT_EQ(record(others_oid).reason, "the table was dropped and created again in the source");
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "the old copy stays until the new one is there";
}

TEST_F(TableSyncTest, a_renamed_table_leaves_its_last_copy_under_its_old_name) {
  begin();
  stream(items(), {{1, "a"}});
  const auto changed = see(published({in_catalog(items(items_oid, "articles"))}));
  EXPECT_EQ(record(items_oid).name, "articles");
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_EQ(record(items_oid).target_name, "articles");
  EXPECT_EQ(stored("items")->state, OutputState::removed);
  EXPECT_EQ(stored("items")->source, 0U);
  EXPECT_EQ(stored("articles")->state, OutputState::pending);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
}

TEST_F(TableSyncTest, the_target_of_a_renamed_table_follows_where_it_can) {
  begin({.moves = destination::Moves::everywhere});
  stream(items(), {{1, "a"}});
  see(published({in_catalog(items(items_oid, "articles"))}));
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(record(items_oid).columns->name, "articles");
  EXPECT_EQ(rows("public.articles"), Lines{"1|a"});
  EXPECT_EQ(stored("items"), std::nullopt);
  EXPECT_EQ(stored("articles")->state, OutputState::streaming);
  begin({.moves = destination::Moves::everywhere});
  see(published({in_catalog(items(items_oid, "articles")), in_catalog(items(others_oid))}));
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(record(others_oid).target_name, "items") << "the name is free";
}

TEST_F(TableSyncTest, a_table_that_is_renamed_while_it_is_copied_is_copied_again) {
  begin({.moves = destination::Moves::everywhere});
  stream(items(), {{1, "a"}});
  store(sync().copy_again({{"public", "items"}}, false, "requested"));
  for (const auto& found : sync().order_copies(1, {})) store(std::vector{found.output->record});
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
  see(published({in_catalog(items(items_oid, "articles"))}));
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_EQ(rows("public.articles"), Lines{"1|a"}) << "readers see the last copy under its new name";
}

TEST_F(TableSyncTest, renamed_tables_whose_targets_cannot_follow_are_copied_under_their_new_names) {
  begin({.moves = destination::Moves::everywhere});
  stream(items(), {{1, "a"}});
  stream(items(others_oid, "others"), {{2, "b"}});
  close();
  contract::run_in_duckdb(file(), {"CREATE INDEX of_the_user ON public.items (id)"});
  begin({.moves = destination::Moves::everywhere});
  see(published({in_catalog(items(items_oid, "others")), in_catalog(items(others_oid, "items"))}));
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_EQ(record(items_oid).target_name, "others");
  EXPECT_EQ(state_of(others_oid), OutputState::pending);
  EXPECT_EQ(record(others_oid).target_name, "items");
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "nothing was renamed";
}

TEST_F(TableSyncTest, a_table_takes_the_name_of_one_that_is_gone) {
  begin({.moves = destination::Moves::everywhere});
  stream(items(), {{1, "a"}});
  stream(items(others_oid, "others"), {{2, "b"}});
  see(published({in_catalog(items(others_oid, "items"))}));
  EXPECT_EQ(sync().find(items_oid), nullptr);
  EXPECT_EQ(state_of(others_oid), OutputState::streaming);
  EXPECT_EQ(rows("public.items"), Lines{"2|b"});
  begin({.moves = destination::Moves::everywhere});
  see(published({in_catalog(items(others_oid, "items"))}));
  EXPECT_EQ(state_of(others_oid), OutputState::streaming);
}

TEST_F(TableSyncTest, a_column_that_is_new_or_has_another_type_is_copied) {
  begin();
  stream(items());
  auto altered = in_catalog(items());
  altered.columns.push_back({.name = "price"});
  see_table(altered);
  expect_pending("column \"price\" was added, renamed or has another type in the source");
}

TEST_F(TableSyncTest, columns_that_were_swapped_by_renaming_are_copied) {
  begin();
  const auto schema =
      contract::table("items", {{"id", contract::int4, contract::key}, {"a", contract::text}, {"b", contract::text}});
  stream(schema);
  auto altered = in_catalog(schema);
  std::swap(altered.columns[1], altered.columns[2]);
  see_table(altered);
  expect_pending("its columns were renamed in the source");
}

TEST_F(TableSyncTest, a_column_that_is_gone_changes_nothing) {
  begin();
  stream(items());
  auto altered = in_catalog(items());
  altered.columns.pop_back();
  see_table(altered);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
}

// ---- fingerprints ----

TEST_F(TableSyncTest, a_fingerprint_that_tells_of_no_rows_is_adopted) {
  begin();
  stream(items());
  const auto now = in_catalog(items(), {.file = 2, .written = 600});  // VACUUM FULL of a table that is listed by name
  EXPECT_EQ(see_table(now).outputs.size(), 1U);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(stored("items")->fingerprint, now.fingerprint);
}

TEST_F(TableSyncTest, rows_that_may_have_been_missed_are_copied) {
  begin();
  stream(items());
  see_table(in_catalog(items(), {.publication = "p2"}));
  expect_pending("the publication was altered: the stream does not report what it left out in the meantime");
}

TEST_F(TableSyncTest, a_table_above_a_size_is_suspect_and_goes_on) {
  begin({.suspicion = {.resync_max_size = 1 << 20U}});
  stream(items());
  auto now = in_catalog(items(), {.publication = "p2"});
  now.bytes = 5 << 20U;
  see_table(now);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(
      stored("items")->suspect,
      "the publication was altered: the stream does not report what it left out in the meantime; it has 5 MB, and "
      "resync_max_size is 1 MB");
  EXPECT_TRUE(see_table(now).empty()) << "it is told once";
}

TEST_F(TableSyncTest, what_may_be_a_truncate_waits_for_the_stream) {
  begin();
  stream(items());
  store({record(items_oid)});
  see_table(in_catalog(items(), {.file = 1, .reach = 'a'}), 0x1000, 0x1000);
  const auto now = in_catalog(items(), {.file = 2, .written = 600, .reach = 'a'});
  EXPECT_TRUE(see_table(now, 0x3000, 0x2000).empty());
  EXPECT_EQ(output(items_oid).undecided, Lsn{0x3000});
  EXPECT_TRUE(sync().decide(Lsn{0x2800}).empty()) << "the stream has not come as far as the catalog was seen";
  const auto decided = sync().decide(Lsn{0x3000});
  ASSERT_EQ(decided.outputs.size(), 1U);
  EXPECT_EQ(decided.outputs[0].state, OutputState::pending);
  EXPECT_EQ(decided.outputs[0].reason, "the table was rewritten in the source");
}

TEST_F(TableSyncTest, a_truncate_that_the_stream_brought_explains_the_new_file) {
  begin();
  stream(items(), {{1, "a"}});
  see_table(in_catalog(items(), {.file = 1, .reach = 'a'}));
  const auto now = in_catalog(items(), {.file = 2, .written = 600, .reach = 'a'});
  see_table(now, 0x3000, 0x2000);
  apply(Changes().transaction(600, 0x2800).truncate({items()}).commits());
  const auto decided = sync().decide(Lsn{0x3000});
  ASSERT_EQ(decided.outputs.size(), 1U);
  EXPECT_EQ(decided.outputs[0].state, OutputState::streaming);
  EXPECT_EQ(decided.outputs[0].fingerprint, now.fingerprint);
  EXPECT_EQ(rows("public.items"), Lines{});
}

TEST_F(TableSyncTest, rewrites_are_ignored_where_that_is_asked) {
  begin({.suspicion = {.on_rewrite = OnRewrite::ignore}});
  stream(items());
  see_table(in_catalog(items(), {.file = 1, .reach = 'a'}));
  see_table(in_catalog(items(), {.file = 2, .written = 600, .reach = 'a'}), 0x1000, 0x2000);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
}

TEST_F(TableSyncTest, a_table_that_is_being_copied_is_ordered_again) {
  begin();
  see(published({in_catalog(items())}));
  order();
  see_table(in_catalog(items(), {.publication = "p2"}));
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  const auto again = order();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].output->copy_number, 2U) << "the first copy's result is outdated";
}

TEST_F(TableSyncTest, a_partition_without_wal_makes_the_table_suspect) {
  begin();
  stream(items());
  auto now = in_catalog(items());
  now.unseen_partition = "public.items_old";
  see_table(now);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_NE(record(items_oid).suspect.find("public.items_old is unlogged or a foreign table"), std::string::npos)
      << record(items_oid).suspect;
}

// ---- replica identities, obstacles ----

TEST_F(TableSyncTest, another_replica_identity_of_its_leaves_is_copied) {
  begin();
  stream(items());
  auto now = in_catalog(items());
  now.row_identity.rows = {.kind = postgres::RowIdentity::Kind::whole_row};
  see_table(now);
  expect_pending("the replica identity of its partitions differs from when it was copied");
}

TEST_F(TableSyncTest, leaves_that_do_not_tell_rows_apart_suspend_the_table_until_they_do) {
  begin();
  stream(items());
  auto now = in_catalog(items());
  now.row_identity.unclear = "its leaves have other identities";
  now.row_identity.remedy = "ALTER TABLE …";
  see_table(now);
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  EXPECT_EQ(record(items_oid).reason, "its leaves have other identities. ALTER TABLE …");
  EXPECT_TRUE(see_table(now).empty());
  see_table(in_catalog(items()));
  expect_pending("its replica identity was altered in the source");
}

TEST_F(TableSyncTest, a_table_that_cannot_be_followed_is_suspended_until_it_can) {
  begin();
  stream(items());
  auto now = in_catalog(items());
  now.unfit = {.reason = "two publications show other columns of it", .remedy = "ALTER PUBLICATION …"};
  see_table(now);
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  see_table(in_catalog(items()));
  expect_pending("the cause of its suspension was altered in the source");
}

TEST_F(TableSyncTest, a_table_that_cannot_be_read_is_suspended_when_its_copy_is_ordered) {
  begin();
  auto table = in_catalog(items());
  table.unreadable = {.reason = "permission denied for table items", .remedy = "GRANT SELECT …"};
  see(published({table}));
  const auto ordered = order();
  ASSERT_EQ(ordered.size(), 1U);
  EXPECT_EQ(ordered[0].output->record.state, OutputState::suspended);
  EXPECT_EQ(ordered[0].output->record.reason, "permission denied for table items. GRANT SELECT …");
}

TEST_F(TableSyncTest, a_table_without_replica_identity_is_left_out_until_it_has_one) {
  begin();
  stream(items(), {{1, "a"}});
  auto publication = published({});
  publication.left_out = {
      {.oid = items_oid, .schema = "public", .name = "items", .lack = "it has no key", .remedy = "ALTER …"}};
  see(publication);
  EXPECT_EQ(state_of(items_oid), OutputState::left_out);
  EXPECT_EQ(record(items_oid).reason, "it has no key. ALTER …");
  EXPECT_TRUE(sync().is_missed(output(items_oid))) << "it has a copy";
  EXPECT_TRUE(see(publication).empty());
  see_table(in_catalog(items()));
  expect_pending("its replica identity was altered in the source");
}

// ---- changes that belong to a load ----

TEST_F(TableSyncTest, changes_of_a_load_that_failed_leave_no_trace) {
  const auto columns_with_price = std::make_shared<const TableSchema>(TableSchema{.schema = "", .name = ""});
  begin();
  stream(items());
  auto& table = output(items_oid);
  {
    TableChanges changes(sync());
    changes.edit(table).state = OutputState::suspended;
    changes.note_suspended(table, Lsn{7});
    changes.note_altered(table, Lsn{7});
    changes.spooled(table).add_rows(columns_with_price, {"price"}, Lsn{7});
    EXPECT_EQ(changes.look(table).state, OutputState::suspended);
  }
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_FALSE(table.suspended_at.is_set());
  EXPECT_FALSE(table.altered_at.is_set());
  EXPECT_TRUE(table.spooled.entries().empty());
  TableChanges changes(sync());
  changes.edit(table).state = OutputState::suspended;
  changes.note_suspended(table, Lsn{7});
  changes.note_altered(table, Lsn{9});
  changes.note_altered(table, Lsn{8});
  changes.spooled(table).add_rows(columns_with_price, {"price"}, Lsn{7});
  changes.adopt();
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  EXPECT_EQ(table.suspended_at, Lsn{7});
  EXPECT_EQ(table.altered_at, Lsn{9}) << "the last one counts";
  EXPECT_EQ(table.spooled.overflow(), std::set<std::string>{"price"});
}

}  // namespace
}  // namespace walbrook::replication
