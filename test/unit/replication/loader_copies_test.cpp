// Copies, from the order to the load that swaps them in, and tables whose rows are not copied.
#include <utility>

#include "base/error.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/loader_case.h"

namespace walbrook::replication {
namespace {

class LoaderCopiesTest : public LoaderCase {};

// ---- copies ----

TEST_F(LoaderCopiesTest, a_copy_is_ordered_once_its_state_is_durable) {
  begin();
  load_with();
  orders_.on_order_ = [this](const CopyOrder& order) {
    ASSERT_EQ(order.tables.size(), 1U);
    EXPECT_EQ(order.tables[0].source.oid, items_oid);
    EXPECT_EQ(stored("items")->state, OutputState::copying);
  };
  catalog_shows({in_catalog(items())});
  step();
  EXPECT_EQ(orders_.orders_, 1);
  EXPECT_EQ(groups_.group(items_oid), items_oid);
}

TEST_F(LoaderCopiesTest, a_copy_becomes_visible_when_its_point_is_reached) {
  begin();
  load_with({.follow = true});
  catalog_shows({in_catalog(items())});
  step();
  copied(items(), {{1, "a"}}, 0x2000);
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::copying) << "what commits before 0/2000 may still come";
  EXPECT_FALSE(is_there("public.items"));
  load(Changes().transaction(700, 0x2000).update(items(), {1, "b"}).commits());
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
  EXPECT_EQ(stored("items")->snapshot_lsn, Lsn{0x2000});
  EXPECT_EQ(rows("public.items"), Lines{"1|b"});
}

TEST_F(LoaderCopiesTest, an_idle_position_reaches_a_copys_point) {
  begin();
  load_with({.follow = true});
  catalog_shows({in_catalog(items())});
  step();
  copied(items(), {{1, "a"}}, 0x2000);
  queue_.set_idle_position(Lsn{0x2000});
  step();
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
  EXPECT_EQ(stored_checkpoint(), Lsn{0x2000});
}

TEST_F(LoaderCopiesTest, the_row_of_a_copy_tells_of_its_tables_and_what_waited) {
  begin();
  load_with({.follow = true});
  catalog_shows({in_catalog(items())});
  step();
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).commits());
  copied(items(), {{1, "a"}}, 0x1800);
  step();
  EXPECT_EQ(rows("_walbrook.loads", "load_id, copied_rows, inserts, tables::VARCHAR"),
            (Lines{"1|1|1|{\"public.items\":2}", "2|0|0|{}"}));
}

TEST_F(LoaderCopiesTest, first_copies_become_visible_together_where_that_is_asked) {
  begin();
  load_with({.together = true});
  const auto other = items(others_oid, "others");
  catalog_shows({in_catalog(items()), in_catalog(other)});
  step();
  copied(items(), {{1, "a"}}, 0x1000);
  step();
  EXPECT_FALSE(is_there("public.items"));
  copied(other, {{1, "x"}}, 0x1000);
  step();
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(rows("public.others"), Lines{"1|x"});
}

TEST_F(LoaderCopiesTest, without_that_each_copy_becomes_visible_when_it_is_whole) {
  begin();
  load_with();
  catalog_shows({in_catalog(items()), in_catalog(items(others_oid, "others"))});
  step();
  copied(items(), {{1, "a"}}, 0x1000);
  step();
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(state_of(others_oid), OutputState::copying);
}

TEST_F(LoaderCopiesTest, a_swap_that_fails_is_tried_again) {
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).commits());
  copied(items(), {{1, "a"}}, 0x1800);
  fault::fail_at("before_swap_in", 1);
  step();
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b"}));
}

TEST_F(LoaderCopiesTest, the_result_of_an_outdated_copy_is_passed_over) {
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  inbox_.push_back(CopyResult{
      .kind = CopyResult::Kind::failed, .output = record(items_oid).id, .number = 99, .reason = "of another order"});
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
}

TEST_F(LoaderCopiesTest, a_table_that_is_gone_is_removed_and_one_that_fails_is_suspended) {
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  copy_ends(CopyResult::Kind::gone);
  step();
  EXPECT_EQ(stored("items")->state, OutputState::removed);
  catalog_shows({in_catalog(items())});
  step();
  ASSERT_EQ(state_of(items_oid), OutputState::copying);
  copy_ends(CopyResult::Kind::failed, "a row could not be read");
  step();
  EXPECT_EQ(stored("items")->state, OutputState::suspended);
  EXPECT_EQ(stored("items")->reason, "a row could not be read");
}

TEST_F(LoaderCopiesTest, a_postponed_copy_drops_the_changes_that_waited) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  load_with();
  catalog_shows({in_catalog(t)});
  step();
  load(Changes().transaction(700, 0x2000).insert(t, {1, "in the snapshot to come"}).commits());
  copy_ends(CopyResult::Kind::postponed, "out of shared memory");
  step();
  EXPECT_EQ(stored("items")->state, OutputState::pending);
  EXPECT_EQ(stored("items")->reason, "out of shared memory");
  ASSERT_TRUE(output(items_oid).postponement);
  EXPECT_EQ(output(items_oid).postponement->times, 1);
  EXPECT_LE(until(), output(items_oid).postponement->again_at);
  step_at(output(items_oid).postponement->again_at);
  ASSERT_EQ(state_of(items_oid), OutputState::copying) << "it is due";
  copied(t, {{1, "in the snapshot to come"}}, 0x2000);
  step();
  EXPECT_EQ(rows("public.items"), Lines{"1|in the snapshot to come"});
}

TEST_F(LoaderCopiesTest, a_name_that_is_taken_suspends_the_table_before_its_copy) {
  contract::run_in_duckdb(file(), {"CREATE SCHEMA public", "CREATE TABLE public.items (mine text)"});
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  EXPECT_EQ(stored("items")->state, OutputState::suspended);
  EXPECT_EQ(rows("public.items", "mine"), Lines{});
}

// ---- tables whose rows are not copied ----

TEST_F(LoaderCopiesTest, a_table_without_a_copy_of_rows_streams_at_once) {
  begin({.snapshot = false});
  load_with();
  const auto t = items();
  catalog_shows({in_catalog(t)});
  push(Changes().transaction(700, 0x2000).insert(t, {1, "early"}).commits());
  step();
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
  EXPECT_EQ(rows("public.items"), Lines{"1|early"});
  EXPECT_EQ(spool().bytes(), 0U) << "its changes never wait";
}

TEST_F(LoaderCopiesTest, p2_a_table_without_a_copy_of_rows_loses_no_change_where_its_beginning_fails) {
  const auto t = items();
  const auto run = [&] {
    begin({.snapshot = false});
    load_with({.retries = 0});
    catalog_shows({in_catalog(t)});
    push(Changes().transaction(700, 0x2000).insert(t, {1, "early"}).commits());
    step();
  };
  for (const auto* point : {"before_swap_in", "before_checkpoint", "before_commit"}) {
    fault::fail_at(point, 1);
    EXPECT_THROW(run(), Error) << point;
    EXPECT_EQ(stored("items")->state, OutputState::copying) << point;
    EXPECT_LE(stored_checkpoint(), Lsn{0x1000}) << point;
    while (queue_.take().batch) queue_.finish_batch();
  }
  run();
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
  EXPECT_EQ(rows("public.items"), Lines{"1|early"});
}

// The table begins again under its new name, and its record under the old one must be durable no later.
TEST_F(LoaderCopiesTest, p2_a_renamed_table_without_a_copy_of_rows_is_known_by_one_name_whatever_fails) {
  const auto t = items();
  const auto renamed = items(items_oid, "renamed");
  begin({.snapshot = false});
  load_with({.retries = 0});
  catalog_shows({in_catalog(t)});
  step();
  catalog_shows({in_catalog(renamed)});
  fault::fail_at("after_commit", 1);
  EXPECT_THROW(step(), Error) << "its target stands";
  begin({.snapshot = false});
  load_with();
  catalog_shows({in_catalog(renamed)});
  load(Changes().transaction(700, 0x2000).insert(renamed, {1, "early"}).commits());
  EXPECT_EQ(rows("public.renamed"), Lines{"1|early"});
  EXPECT_EQ(stored("items")->state, OutputState::removed);
}

TEST_F(LoaderCopiesTest, p2_a_target_that_follows_its_name_is_known_by_one_name_whatever_fails) {
  const TableSyncOptions moving{.moves = destination::Moves::everywhere};
  const auto renamed = items(items_oid, "renamed");
  begin(moving);
  stream(items(), {{1, "a"}});
  for (const auto* point : {"before_rename", "after_rename"}) {
    begin(moving);
    load_with({.retries = 0});
    fault::fail_at(point, 1);
    catalog_shows({in_catalog(renamed)});
    EXPECT_THROW(step(), Error) << point;
  }
  begin(moving);
  load_with();
  catalog_shows({in_catalog(renamed)});
  load(Changes().transaction(700, 0x2000).insert(renamed, {2, "b"}).commits());
  EXPECT_EQ(rows("public.renamed"), (Lines{"1|a", "2|b"}));
  EXPECT_EQ(stored("items"), std::nullopt);
  catalog_shows({in_catalog(items())});
  load(Changes().transaction(701, 0x3000).remove(items(), {2, "b"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
}

TEST_F(LoaderCopiesTest, tables_without_a_copy_of_rows_begin_together_and_one_that_cannot_is_suspended) {
  contract::run_in_duckdb(file(), {"CREATE SCHEMA public", "CREATE TABLE public.items (mine text)"});
  begin({.snapshot = false});
  load_with();
  const auto other = items(others_oid, "others");
  catalog_shows({in_catalog(items()), in_catalog(other)});
  push(Changes().transaction(700, 0x2000).insert(items(), {1, "x"}).insert(other, {1, "y"}).commits());
  step();
  EXPECT_EQ(stored("items")->state, OutputState::suspended);
  EXPECT_EQ(stored("others")->state, OutputState::streaming);
  EXPECT_EQ(rows("public.others"), Lines{"1|y"});
}

}  // namespace
}  // namespace walbrook::replication
