// Which state a table comes to by what is seen of it in the catalog: every way in and out, with the reason that is
// kept.
#include <algorithm>

#include "replication/core/copy_queue.h"
#include "replication/core/leaving.h"
#include "replication/core/table_changes.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {
namespace {

const SteadyTime start{};

class TableSyncTest : public EngineCase {
 protected:
  // Copies are ordered, and what changed is stored.
  std::vector<FoundOutput> order(SteadyTime now = start) {
    const auto ordered = sync().order_copies(7, now);
    std::vector<OutputRecord> records;
    for (const auto& each : ordered) records.push_back(each.output->record);
    store(records);
    return ordered;
  }
  // The table is seen as it is now; the records that changed.
  RecordChanges see_table(const postgres::SourceTable& table, std::uint64_t position = 0x1000,
                          std::uint64_t reached = 0x1000) {
    return see(published({table}, position), reached);
  }
  void expect_pending(const std::string& reason) {
    EXPECT_EQ(state_of(items_oid), OutputState::pending);
    EXPECT_EQ(record(items_oid).reason, reason);
    EXPECT_EQ(stored(record(items_oid).name)->state, OutputState::pending) << "what changed is to be stored";
  }
};

TEST_F(TableSyncTest, a_table_goes_from_pending_by_copying_to_streaming) {
  begin();
  const auto schema = items();
  const auto changed = see(published({in_catalog(schema)}));
  ASSERT_EQ(changed.outputs.size(), 1U);
  EXPECT_EQ(changed.outputs[0].state, OutputState::pending);
  EXPECT_EQ(changed.outputs[0].target_schema, "public");
  EXPECT_EQ(changed.outputs[0].target_name, "items");
  EXPECT_FALSE(sync().settled());

  const auto ordered = order();
  ASSERT_EQ(ordered.size(), 1U);
  EXPECT_EQ(ordered[0].output->record.state, OutputState::copying);
  EXPECT_EQ(ordered[0].output->record.load_id, 7);
  EXPECT_EQ(ordered[0].output->copy_number, 1U);
  EXPECT_EQ(ordered[0].output->record.fingerprint, in_catalog(schema).fingerprint);
  EXPECT_FALSE(sync().settled());
  EXPECT_TRUE(order().empty()) << "it is ordered once";

  copy(items_oid, schema, {{1, "a"}}, 0x2000);
  EXPECT_FALSE(is_there("public.items"));
  promote(items_oid);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(record(items_oid).snapshot_lsn, Lsn{0x2000});
  EXPECT_EQ(*record(items_oid).columns, *schema);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_TRUE(sync().settled());
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
  suspended.state = OutputState::quarantined;
  store({suspended});
  begin();
  EXPECT_EQ(state_of(items_oid), OutputState::quarantined);
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

// --- the catalog shows that the table is another
// ----------------------------------------------------------------------

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

// --- fingerprints
// ------------------------------------------------------------------------------------------------------

TEST_F(TableSyncTest, a_fingerprint_that_tells_of_no_rows_is_adopted) {
  begin();
  stream(items());
  const auto now = in_catalog(items(), {.file = 2, .written = 600});  // VACUUM FULL of a table that is named
  EXPECT_EQ(see_table(now).outputs.size(), 1U);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(stored("items")->fingerprint, now.fingerprint);
}

TEST_F(TableSyncTest, rows_that_may_have_been_missed_are_copied) {
  begin();
  stream(items());
  see_table(in_catalog(items(), {.publication = "p2"}));
  expect_pending("the publication was altered: the stream does not tell what it left out meanwhile");
}

TEST_F(TableSyncTest, a_table_above_a_size_is_suspect_and_goes_on) {
  begin({.suspicion = {.resync_max_size = 1 << 20U}});
  stream(items());
  auto now = in_catalog(items(), {.publication = "p2"});
  now.bytes = 5 << 20U;
  see_table(now);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(stored("items")->suspect,
            "the publication was altered: the stream does not tell what it left out meanwhile; it has 5 MB, and "
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

// --- replica identities, obstacles
// -------------------------------------------------------------------------------------

TEST_F(TableSyncTest, another_replica_identity_of_its_leaves_is_copied) {
  begin();
  stream(items());
  auto now = in_catalog(items());
  now.row_identity.rows = {.kind = postgres::RowIdentity::Kind::whole_row};
  see_table(now);
  expect_pending("the replica identity of its partitions is another than when it was copied");
}

TEST_F(TableSyncTest, leaves_that_do_not_tell_rows_apart_suspend_the_table_until_they_do) {
  begin();
  stream(items());
  auto now = in_catalog(items());
  now.row_identity.unclear = "its leaves have other identities";
  now.row_identity.remedy = "ALTER TABLE …";
  see_table(now);
  EXPECT_EQ(state_of(items_oid), OutputState::quarantined);
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
  EXPECT_EQ(state_of(items_oid), OutputState::quarantined);
  see_table(in_catalog(items()));
  expect_pending("what it was suspended for was altered in the source");
}

TEST_F(TableSyncTest, a_table_that_cannot_be_read_is_suspended_when_its_copy_is_ordered) {
  begin();
  auto table = in_catalog(items());
  table.unreadable = {.reason = "permission denied for table items", .remedy = "GRANT SELECT …"};
  see(published({table}));
  const auto ordered = order();
  ASSERT_EQ(ordered.size(), 1U);
  EXPECT_EQ(ordered[0].output->record.state, OutputState::quarantined);
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

// --- leaving the publication
// -------------------------------------------------------------------------------------------

postgres::Publication without_tables(std::uint64_t lsn, std::uint64_t next_xid, std::uint64_t oldest_xid) {
  auto publication = published({});
  publication.moment = {.lsn = Lsn{lsn}, .next_xid = next_xid, .oldest_xid = oldest_xid};
  return publication;
}

TEST_F(TableSyncTest, a_table_that_leaves_keeps_what_was_published_before) {
  begin();
  stream(items(), {{1, "a"}});
  see(without_tables(0x70, 702, 700));
  EXPECT_EQ(sync().find(items_oid)->record.leaves_xid, 702U);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_FALSE(sync().any_streaming());
  EXPECT_TRUE(sync().any_leaving());
  EXPECT_NE(sync().find_by_relation(items_oid), nullptr) << "its changes are still its own";
  EXPECT_TRUE(sync().let_go(Lsn{0x1000}).empty()) << "transaction 700 was open when it left";
  see(without_tables(0x90, 705, 702));
  EXPECT_EQ(sync().last_leaves_at(), Lsn{0x90});
  EXPECT_TRUE(sync().let_go(Lsn{0x88}).empty());
  const auto gone = sync().let_go(Lsn{0x90});
  ASSERT_EQ(gone.outputs.size(), 1U);
  EXPECT_EQ(gone.outputs[0].state, OutputState::removed);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "its last copy stays";
}

TEST_F(TableSyncTest, a_table_that_comes_back_is_copied) {
  begin();
  stream(items());
  see(without_tables(0x70, 702, 702));
  see_table(in_catalog(items()));
  expect_pending("the table is published again");
  EXPECT_EQ(sync().find(items_oid)->record.leaves_xid, 0U);
  EXPECT_FALSE(sync().any_leaving());
}

TEST_F(TableSyncTest, a_table_that_leaves_before_it_is_copied_is_removed) {
  begin();
  see(published({in_catalog(items())}));
  see(without_tables(0x70, 702, 702));
  EXPECT_EQ(stored("items")->state, OutputState::removed);
}

TEST_F(TableSyncTest, a_leaving_table_that_could_go_on_only_with_a_copy_is_removed) {
  begin();
  stream(items());
  see(without_tables(0x70, 702, 702));
  auto leaving = record(items_oid);
  require_copy(sync().find(items_oid)->record, leaving, "column \"price\" was added in the source");
  EXPECT_EQ(leaving.state, OutputState::removed);
  EXPECT_TRUE(leaving.reason.ends_with("(before it left: column \"price\" was added in the source)")) << leaving.reason;
}

// --- changes alone (--no-snapshot)
// -------------------------------------------------------------------------------------

TEST_F(TableSyncTest, without_snapshot_a_new_table_begins_with_its_changes) {
  begin({.snapshot = false});
  see(published({in_catalog(items())}));
  EXPECT_TRUE(record(items_oid).changes_only);
  EXPECT_TRUE(copies_no_rows(record(items_oid)));
}

TEST_F(TableSyncTest, a_table_that_joins_later_is_copied_where_that_is_asked) {
  begin({.snapshot = false, .copy_joining = true});
  auto publication = published({in_catalog(items()), in_catalog(items(others_oid, "others"))});
  publication.joined = {others_oid};
  see(publication);
  EXPECT_TRUE(record(items_oid).changes_only);
  EXPECT_FALSE(record(others_oid).changes_only);
}

TEST_F(TableSyncTest, a_table_with_changes_alone_is_never_copied_for_a_fingerprint) {
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

TEST_F(TableSyncTest, a_resync_gives_a_table_with_changes_alone_its_rows) {
  begin({.snapshot = false});
  stream(items());
  EXPECT_TRUE(sync().copy_anew({}, true, "all of them").empty()) << "it was not asked for by name";
  const auto changed = sync().copy_anew({{.schema = "public", .name = "items"}}, false, "a resync was requested");
  ASSERT_EQ(changed.outputs.size(), 1U);
  EXPECT_EQ(changed.outputs[0].state, OutputState::pending);
  EXPECT_FALSE(changed.outputs[0].changes_only);
}

// --- what the user asks of the target
// ----------------------------------------------------------------------------------

TEST_F(TableSyncTest, another_dataset_moves_the_table) {
  begin();
  stream(items(), {{1, "a"}});
  begin({.dataset = "lake"});
  see_table(in_catalog(items()));
  expect_pending("names, types or metadata columns are asked for otherwise than when it was copied");
  ASSERT_TRUE(output(items_oid).moves_to);
  EXPECT_EQ(output(items_oid).moves_to->schema, "lake");
  order();
  copy(items_oid, items(), {{2, "b"}}, 0x2000);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  promote(items_oid);
  EXPECT_EQ(rows("lake.items"), Lines{"2|b"});
  EXPECT_FALSE(is_there("public.items"));
  EXPECT_EQ(record(items_oid).target_schema, "lake");
}

TEST_F(TableSyncTest, another_type_is_copied_and_a_description_is_not) {
  begin();
  stream(items());
  begin();
  auto table = in_catalog(items());
  table.wishes["note"].description = "what the customer wrote";
  EXPECT_TRUE(see_table(table).empty());
  const auto described = sync().take_described();
  ASSERT_EQ(described.size(), 1U);
  EXPECT_EQ(described[0].columns->columns[1].description, "what the customer wrote");
  EXPECT_TRUE(sync().take_described().empty());
  begin();
  table.wishes["note"].name = "remark";
  see_table(table);
  expect_pending("names, types or metadata columns are asked for otherwise than when it was copied");
}

TEST_F(TableSyncTest, a_resync_of_all_takes_what_can_be_copied) {
  begin();
  stream(items());
  stream(items(others_oid, "others"));
  auto publication = published({in_catalog(items())});
  publication.left_out = {
      {.oid = others_oid, .schema = "public", .name = "others", .lack = "no key", .remedy = "ALTER …"}};
  see(publication);
  const auto changed = sync().copy_anew({}, true, "a resync was requested");
  ASSERT_EQ(changed.outputs.size(), 1U);
  EXPECT_EQ(changed.outputs[0].name, "items");
  EXPECT_EQ(state_of(others_oid), OutputState::left_out);
}

// --- targets that somebody altered
// -------------------------------------------------------------------------------------

TEST_F(TableSyncTest, a_target_that_was_dropped_is_copied) {
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

TEST_F(TableSyncTest, a_target_that_lacks_a_column_is_suspended_above_a_size) {
  begin();
  stream(items());
  close();
  contract::run_in_duckdb(file(), {"ALTER TABLE public.items DROP COLUMN note"});
  begin({.suspicion = {.resync_max_size = 1 << 20U}});
  auto table = in_catalog(items());
  table.bytes = 5 << 20U;
  see_table(table);
  store(sync().compare_targets(destination()));
  EXPECT_EQ(state_of(items_oid), OutputState::quarantined);
  EXPECT_NE(record(items_oid).reason.find("resync_max_size is 1 MB"), std::string::npos) << record(items_oid).reason;
}

TEST_F(TableSyncTest, a_name_that_belongs_to_somebody_else_suspends_the_table) {
  begin();
  stream(items());
  close();
  contract::run_in_duckdb(file(), {"DROP TABLE public.items", "CREATE TABLE public.items (mine text)"});
  begin();
  see_table(in_catalog(items()));
  store(sync().compare_targets(destination()));
  EXPECT_EQ(state_of(items_oid), OutputState::quarantined);
  EXPECT_EQ(rows("public.items", "mine"), Lines{}) << "it is not touched";
}

// --- copies that are postponed
// -----------------------------------------------------------------------------------------

TEST_F(TableSyncTest, a_postponed_copy_is_ordered_again_when_it_is_due) {
  begin();
  see(published({in_catalog(items())}));
  order();
  auto& waiting = output(items_oid);
  postpone(waiting, {.reason = "out of shared memory"}, false, start);
  EXPECT_EQ(waiting.record.state, OutputState::pending);
  EXPECT_EQ(waiting.record.reason, "out of shared memory");
  EXPECT_FALSE(sync().settled());
  EXPECT_EQ(next_copy_due(sync().known()), start + milliseconds(1000));
  EXPECT_TRUE(copies_due(sync().known(), start + milliseconds(999)).empty());
  EXPECT_TRUE(order(start + milliseconds(999)).empty());
  EXPECT_EQ(copies_due(sync().known(), start + milliseconds(1000)).size(), 1U);
  EXPECT_EQ(order(start + milliseconds(1000)).size(), 1U);
}

TEST_F(TableSyncTest, a_run_that_ends_leaves_a_copy_that_waited_to_the_next_one) {
  begin();
  see(published({in_catalog(items())}));
  order();
  postpone(output(items_oid), {.reason = "writers stay open", .waited = true}, false, start);
  EXPECT_TRUE(sync().settled());
  EXPECT_EQ(next_copy_due(sync().known()), std::nullopt);
}

// --- changes that belong to a load
// -------------------------------------------------------------------------------------

TEST_F(TableSyncTest, changes_of_a_load_that_failed_leave_no_trace) {
  begin();
  stream(items());
  auto& table = output(items_oid);
  {
    TableChanges changes(sync());
    changes.edit(table).state = OutputState::quarantined;
    changes.note_set_aside(table, Lsn{7});
    changes.note_identity_altered(table, Lsn{7});
    changes.note_variant(table, "price");
    EXPECT_EQ(changes.look(table).state, OutputState::quarantined);
  }
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_FALSE(table.set_aside_at.is_set());
  EXPECT_FALSE(table.identity_altered_at.is_set());
  EXPECT_TRUE(table.variant_columns.empty());
  TableChanges changes(sync());
  changes.edit(table).state = OutputState::quarantined;
  changes.note_set_aside(table, Lsn{7});
  changes.note_identity_altered(table, Lsn{9});
  changes.note_identity_altered(table, Lsn{8});
  changes.note_variant(table, "price");
  changes.adopt();
  EXPECT_EQ(state_of(items_oid), OutputState::quarantined);
  EXPECT_EQ(table.set_aside_at, Lsn{7});
  EXPECT_EQ(table.identity_altered_at, Lsn{9}) << "the last one counts";
  EXPECT_EQ(table.variant_columns, std::set<std::string>{"price"});
}

}  // namespace
}  // namespace walbrook::replication
