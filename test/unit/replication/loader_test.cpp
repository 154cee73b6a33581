// The loader over a real destination: what becomes durable together, in which order, and what a load that fails leaves.
// The copier's thread does not run here: its orders are answered by the test.
#include "replication/core/loader.h"

#include <atomic>

#include "base/error.h"
#include "base/fault.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {
namespace {

class SilentObserver : public RunObserver {
 public:
  void prepared(const std::string& /*line*/) override {}
  void waiting_for(const std::vector<postgres::OpenWriter>& /*writers*/) override {}
  void copy_started(const std::string& /*table*/, std::int64_t /*rows*/, std::int64_t /*bytes*/) override {}
  void copy_advanced(const std::string& /*table*/, std::uint64_t /*rows*/, std::uint64_t /*bytes*/) override {}
  void copy_finished(const std::string& /*table*/, std::uint64_t /*rows*/, double /*seconds*/) override {}
  void copy_restarted(const std::string& /*table*/, const std::string& /*why*/) override {}
};

class LoaderTest : public EngineCase {
 protected:
  ~LoaderTest() override { fault::fail_at("", 0); }

  // A loader that goes on at checkpoint 0/1000, as a run would begin it.
  void load_with(LoaderOptions options = {}) {
    options.checkpoint = {.slot = "walbrook", .systemid = "7301", .timeline = 1, .lsn = Lsn{0x1000}};
    loader_.emplace(std::move(options), destination(), spool(), sync(), queue_, inbox_, groups_, statistics_, durable_,
                    [this] { ++advanced_; });
    copier_.emplace(CopierOptions{.conninfo = "host=/nowhere"}, destination(), types_, inbox_, observer_, statistics_);
    loader_->set_copier(*copier_);
    loader_->set_catalog({.at_once =
                              [this] {
                                if (on_poll_) on_poll_();
                              },
                          .is_answered = [this] { return polled_; }});
  }
  void push(LoadPackage package) { ASSERT_TRUE(queue_.try_push(package)); }
  // A step that does not wait.
  void step(SteadyTime now = later(0)) {
    queue_.wake();
    loader_->step(now, {});
  }
  void load(LoadPackage package) {
    push(std::move(package));
    step();
  }
  [[nodiscard]] static SteadyTime later(int ms) { return SteadyTime{} + std::chrono::hours(1) + milliseconds(ms); }
  void catalog_shows(std::vector<postgres::SourceTable> tables, std::uint64_t position = 0x1000) {
    inbox_.post(CatalogSeen{.complete_to = Lsn{position}, .publication = published(std::move(tables), position)});
  }
  // The copier copied what was ordered of the table, and says so.
  void copied(const TableSchemaRef& schema, const std::vector<Cells>& rows, std::uint64_t consistent_point) {
    const auto writer = contract::begin_copy(destination(), record(schema->oid), schema);
    writer->append(0, contract::inserts(schema, rows));
    writer->finish();
    inbox_.post(CopyResult{.table = schema->oid,
                           .number = sync().find(schema->oid)->copy_number,
                           .consistent_point = Lsn{consistent_point},
                           .columns = schema,
                           .rows = rows.size()});
  }
  void copy_ends(CopyResult::Kind kind, const std::string& reason = {}) {
    inbox_.post(CopyResult{.kind = kind,
                           .table = items_oid,
                           .number = sync().find(items_oid)->copy_number,
                           .reason = reason,
                           .why = {.reason = reason}});
  }
  [[nodiscard]] Lsn stored_checkpoint() {
    const auto state = destination().read_state();
    return state.checkpoint ? state.checkpoint->lsn : Lsn{};
  }
  [[nodiscard]] Loader& loader() { return *loader_; }

  PackageQueue queue_{1U << 20U};
  Mailbox<LoaderMessage> inbox_;
  TableGroups groups_;
  Statistics statistics_{{}};
  std::atomic<std::uint64_t> durable_ = 0x1000;
  BuiltInTypes types_;
  SilentObserver observer_;
  int advanced_ = 0;
  bool polled_ = true;             // somebody polls the catalog
  std::function<void()> on_poll_;  // a poll was asked for
  std::optional<Copier> copier_;
  std::optional<Loader> loader_;
};

TEST_F(LoaderTest, p2_a_package_is_durable_together_with_its_checkpoint) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(stored_checkpoint(), Lsn{0x2008});
  EXPECT_EQ(durable_, 0x2008U);
  EXPECT_EQ(advanced_, 1);
  const auto last = destination().read_state().checkpoint->last;
  EXPECT_EQ(last.xid, 700U);
  EXPECT_EQ(last.commit_lsn, Lsn{0x2000});
  EXPECT_EQ(statistics_.snapshot().applied.inserts, 1U);
}

TEST_F(LoaderTest, packages_are_applied_in_commit_order_one_load_each) {
  begin();
  const auto t = items();
  stream(t);
  load_with({.newest_load = 4});
  push(Changes().transaction(700, 0x2000).insert(t, {1, "first"}).commits());
  push(Changes()
           .transaction(701, 0x2100)
           .update(t, {1, "second"})
           .transaction(702, 0x2200)
           .insert(t, {2, "b"})
           .commits());
  step();
  EXPECT_EQ(rows("public.items"), Lines{"1|first"});
  EXPECT_EQ(durable_, 0x2008U);
  step();
  EXPECT_EQ(rows("public.items"), (Lines{"1|second", "2|b"}));
  EXPECT_EQ(rows("_walbrook.loads", "load_id, transactions, inserts, updates"), (Lines{"5|1|1|0", "6|2|1|1"}));
}

TEST_F(LoaderTest, a_load_that_fails_is_tried_again_and_applied_once) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  stream(t);
  load_with();
  for (const auto* point : {"before_load", "before_merge", "after_merge", "before_checkpoint", "before_commit"}) {
    fault::fail_at(point, 1);
    load(Changes().transaction(700, durable_ + 16).insert(t, {1, point}).commits());
  }
  EXPECT_EQ(rows("public.items", "note"),
            (Lines{"after_merge", "before_checkpoint", "before_commit", "before_load", "before_merge"}));
}

TEST_F(LoaderTest, a_load_that_keeps_failing_ends_the_run_and_leaves_no_trace) {
  begin();
  const auto t = items();
  const auto wider = contract::table(
      "items", {{"id", contract::int4, contract::key}, {"note", contract::text}, {"price", contract::int4}});
  stream(t, {{1, "a"}});
  load_with({.retries = 1});
  fault::fail_at("before_commit", 2);
  try {
    load(Changes().transaction(700, 0x2000).insert(t, {2, "b"}).insert(wider, {3, "c", 7}).commits());
    FAIL() << "it was given up";
  } catch (const Error& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::destination);
    EXPECT_EQ(failed.facts().lsn, "0/1000");
    EXPECT_NE(failed.mend().find("the copy stands at 0/1000"), std::string::npos) << failed.mend();
  }
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(durable_, 0x1000U);
  EXPECT_EQ(advanced_, 0);
  EXPECT_EQ(state_of(items_oid), TableState::streaming) << "the new column was not seen";
  EXPECT_FALSE(stored_checkpoint().is_set());
}

TEST_F(LoaderTest, a_table_that_cannot_take_a_value_is_suspended_and_the_others_go_on) {
  begin();
  const auto t = items();
  const auto other = items(others_oid, "others");
  stream(t, {{1, "a"}});
  stream(other);
  load_with();
  load(Changes().transaction(700, 0x2000).insert(t, {2, "\xE9t\xE9"}).insert(other, {1, "x"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(rows("public.others"), Lines{"1|x"});
  EXPECT_EQ(stored("items")->state, TableState::quarantined);
  EXPECT_EQ(sync().find(items_oid)->set_aside_at, Lsn{0x2000});
  EXPECT_EQ(durable_, 0x2008U);
}

TEST_F(LoaderTest, a_target_with_a_constraint_suspends_its_table_and_the_others_go_on) {
  begin();
  const auto t = items();
  const auto other = items(others_oid, "others");
  stream(t, {{1, "a"}});
  stream(other);
  close();
  contract::run_in_duckdb(file(), {"ALTER TABLE public.items ALTER COLUMN note SET NOT NULL"});
  begin();
  see(published({in_catalog(t), in_catalog(other)}));
  load_with();
  load(Changes().transaction(700, 0x2000).insert(t, {2, Null{}}).insert(other, {1, "x"}).commits());
  EXPECT_EQ(stored("items")->state, TableState::quarantined);
  EXPECT_EQ(rows("public.others"), Lines{"1|x"});
}

TEST_F(LoaderTest, a_variant_column_is_there_before_the_load_that_needs_it) {
  begin();
  const auto money = contract::table("money", {{"id", contract::int4, contract::key}, {"a", contract::numeric}});
  stream(money);
  load_with();
  load(Changes().transaction(700, 0x2000).insert(money, {1, contract::VariantText{"NaN"}}).commits());
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"1|-|NaN"});
  EXPECT_EQ(statistics_.snapshot().applied.variants, 1U);
}

// --- idle positions
// ----------------------------------------------------------------------------------------------------

TEST_F(LoaderTest, p3_an_idle_position_becomes_the_checkpoint_after_a_while) {
  begin();
  load_with({.follow = true});
  queue_.set_idle_position(Lsn{0x3000});
  step(later(0));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x3000});
  EXPECT_EQ(durable_, 0x3000U);
  queue_.set_idle_position(Lsn{0x4000});
  step(later(1999));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x3000}) << "at most one such commit every two seconds";
  step(later(2000));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x4000});
  step(later(9000));
  EXPECT_EQ(advanced_, 2) << "the same position is committed once";
}

TEST_F(LoaderTest, an_idle_position_is_committed_at_once_where_commits_wait_for_it) {
  begin();
  std::atomic<bool> waits = true;
  load_with({.follow = true, .commits_wait = &waits});
  queue_.set_idle_position(Lsn{0x3000});
  step(later(0));
  queue_.set_idle_position(Lsn{0x3100});
  step(later(1));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x3100});
}

TEST_F(LoaderTest, an_idle_position_at_the_target_ends_the_run) {
  begin();
  load_with({.target = Lsn{0x3000}});
  queue_.set_idle_position(Lsn{0x2000});
  step(later(0));
  EXPECT_FALSE(loader().done());
  queue_.set_idle_position(Lsn{0x3000});
  step(later(1));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x3000});
  EXPECT_TRUE(loader().done());
}

TEST_F(LoaderTest, an_idle_position_keeps_the_last_transaction) {
  begin();
  const auto t = items();
  stream(t);
  load_with({.follow = true});
  load(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  queue_.set_idle_position(Lsn{0x9000});
  step(later(5000));
  EXPECT_EQ(destination().read_state().checkpoint->last.xid, 700U);
}

TEST_F(LoaderTest, a_run_is_not_done_before_its_tables_are) {
  begin();
  load_with({.target = Lsn{0x1000}});
  catalog_shows({in_catalog(items())});
  step();
  EXPECT_FALSE(loader().done());
  copied(items(), {}, 0x1000);
  step();
  EXPECT_TRUE(loader().done());
}

TEST_F(LoaderTest, a_closed_queue_is_drained_when_it_is_empty) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  push(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  queue_.close();
  step();
  EXPECT_FALSE(loader().drained());
  step();
  EXPECT_TRUE(loader().drained());
}

TEST_F(LoaderTest, a_destination_that_is_gone_ends_the_run) {
  begin();
  load_with({.follow = true});
  std::filesystem::rename(file(), file().string() + ".moved");
  EXPECT_THROW(step(later(0)), Error);
  EXPECT_EQ(durable_, 0x1000U);
}

// --- copies
// ------------------------------------------------------------------------------------------------------------

TEST_F(LoaderTest, a_copy_is_ordered_once_its_state_is_durable) {
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  EXPECT_EQ(stored("items")->state, TableState::copying);
  EXPECT_EQ(groups_.group(items_oid), items_oid);
}

TEST_F(LoaderTest, a_copy_becomes_visible_when_its_point_is_reached) {
  begin();
  load_with({.follow = true});
  catalog_shows({in_catalog(items())});
  step();
  copied(items(), {{1, "a"}}, 0x2000);
  step();
  EXPECT_EQ(state_of(items_oid), TableState::copying) << "what commits before 0/2000 may still come";
  EXPECT_FALSE(is_there("public.items"));
  load(Changes().transaction(700, 0x2000).update(items(), {1, "b"}).commits());
  EXPECT_EQ(stored("items")->state, TableState::streaming);
  EXPECT_EQ(stored("items")->snapshot_lsn, Lsn{0x2000});
  EXPECT_EQ(rows("public.items"), Lines{"1|b"});
}

TEST_F(LoaderTest, an_idle_position_reaches_a_copys_point) {
  begin();
  load_with({.follow = true});
  catalog_shows({in_catalog(items())});
  step();
  copied(items(), {{1, "a"}}, 0x2000);
  queue_.set_idle_position(Lsn{0x2000});
  step();
  EXPECT_EQ(stored("items")->state, TableState::streaming);
  EXPECT_EQ(stored_checkpoint(), Lsn{0x2000});
}

TEST_F(LoaderTest, the_row_of_a_copy_tells_of_its_tables_and_what_waited) {
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

TEST_F(LoaderTest, first_copies_become_visible_together_where_that_is_asked) {
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

TEST_F(LoaderTest, without_that_each_copy_becomes_visible_when_it_is_whole) {
  begin();
  load_with();
  catalog_shows({in_catalog(items()), in_catalog(items(others_oid, "others"))});
  step();
  copied(items(), {{1, "a"}}, 0x1000);
  step();
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(state_of(others_oid), TableState::copying);
}

TEST_F(LoaderTest, a_promotion_that_fails_is_tried_again) {
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).commits());
  copied(items(), {{1, "a"}}, 0x1800);
  fault::fail_at("before_promote", 1);
  step();
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b"}));
}

TEST_F(LoaderTest, the_result_of_an_outdated_copy_is_passed_over) {
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  inbox_.post(
      CopyResult{.kind = CopyResult::Kind::failed, .table = items_oid, .number = 99, .reason = "of another order"});
  step();
  EXPECT_EQ(state_of(items_oid), TableState::copying);
}

TEST_F(LoaderTest, a_table_that_is_gone_is_removed_and_one_that_fails_is_suspended) {
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  copy_ends(CopyResult::Kind::gone);
  step();
  EXPECT_EQ(stored("items")->state, TableState::removed);
  catalog_shows({in_catalog(items())});
  step();
  ASSERT_EQ(state_of(items_oid), TableState::copying);
  copy_ends(CopyResult::Kind::failed, "a row could not be read");
  step();
  EXPECT_EQ(stored("items")->state, TableState::quarantined);
  EXPECT_EQ(stored("items")->reason, "a row could not be read");
}

TEST_F(LoaderTest, a_postponed_copy_drops_the_changes_that_waited) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  load_with();
  catalog_shows({in_catalog(t)});
  step();
  load(Changes().transaction(700, 0x2000).insert(t, {1, "in the snapshot to come"}).commits());
  copy_ends(CopyResult::Kind::postponed, "out of shared memory");
  step();
  EXPECT_EQ(stored("items")->state, TableState::pending);
  EXPECT_EQ(stored("items")->reason, "out of shared memory");
  ASSERT_TRUE(sync().find(items_oid)->postponement);
  EXPECT_EQ(sync().find(items_oid)->postponement->times, 1);
  sync().find(items_oid)->postponement->again_at = SteadyTime{};
  step();
  ASSERT_EQ(state_of(items_oid), TableState::copying) << "it is due";
  copied(t, {{1, "in the snapshot to come"}}, 0x2000);
  step();
  EXPECT_EQ(rows("public.items"), Lines{"1|in the snapshot to come"});
}

TEST_F(LoaderTest, a_name_that_is_taken_suspends_the_table_before_its_copy) {
  contract::run_in_duckdb(file(), {"CREATE SCHEMA public", "CREATE TABLE public.items (mine text)"});
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  EXPECT_EQ(stored("items")->state, TableState::quarantined);
  EXPECT_EQ(rows("public.items", "mine"), Lines{});
}

// --- open and prepared transactions
// ------------------------------------------------------------------------------------

TEST_F(LoaderTest, parts_of_a_transaction_are_invisible_until_its_commit) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  load_with();
  load(Changes().transaction(700, 0).insert(t, {2, "b"}).part(700));
  load(Changes().transaction(700, 0).update(t, {2, "b2"}).part(700));
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(durable_, 0x1000U);
  load(Changes().transaction(700, 0x2000).staged(700).insert(t, {3, "c"}).commits());
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b2", "3|c"}));
}

TEST_F(LoaderTest, a_subtransaction_that_was_rolled_back_is_left_out) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(
      Changes().transaction(700, 0).insert(t, {1, "kept"}).transaction(701, 0).insert(t, {2, "rolled back"}).part(700));
  load(Changes().transaction(700, 0x2000).staged(700, false, {701}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|kept"});
}

TEST_F(LoaderTest, a_transaction_that_was_rolled_back_leaves_nothing) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  load(Changes::discard(700));
  load(Changes().transaction(700, 0x2000).staged(700).insert(t, {2, "of its successor"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"2|of its successor"});
}

TEST_F(LoaderTest, a_stream_that_begins_again_drops_what_was_open) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  LoadPackage restart;
  restart.kind = PackageKind::restart;
  load(std::move(restart));
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  load(Changes().transaction(700, 0x2000).staged(700).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
}

TEST_F(LoaderTest, a_prepared_transaction_waits_across_processes) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0).insert(t, {1, "streamed"}).part(700));
  load(Changes().transaction(700, 0x2000).insert(t, {2, "prepared"}).prepare(700));
  EXPECT_EQ(durable_, 0x2008U) << "the server does not send it again";
  begin();
  see(published({in_catalog(t)}));
  load_with();
  EXPECT_EQ(rows("public.items"), Lines{});
  load(Changes().transaction(700, 0x3000).staged(700, true).commits());
  EXPECT_EQ(rows("public.items"), (Lines{"1|streamed", "2|prepared"}));
}

TEST_F(LoaderTest, a_prepared_transaction_that_is_rolled_back_leaves_nothing) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0x2000).insert(t, {2, "prepared"}).prepare(700));
  load(Changes::discard(700, true));
  load(Changes().transaction(701, 0x3000).staged(700, true).insert(t, {3, "c"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"3|c"});
}

TEST_F(LoaderTest, what_is_spooled_of_a_transaction_leaves_the_spool_with_it) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  const auto part = [&](std::uint32_t xid) {
    load(Changes().transaction(xid, 0).insert(t, {1, "a"}).part(xid));
    EXPECT_GT(spool().bytes(), 0U);
  };
  part(700);
  load(Changes().transaction(700, 0x2000).staged(700).commits());
  EXPECT_EQ(spool().bytes(), 0U) << "committed";
  part(701);
  load(Changes::discard(701));
  EXPECT_EQ(spool().bytes(), 0U) << "rolled back";
  part(702);
  load(Changes().transaction(702, 0x3000).insert(t, {2, "b"}).prepare(702));
  EXPECT_EQ(spool().bytes(), 0U) << "prepared";
}

TEST_F(LoaderTest, a_transaction_whose_load_fails_is_still_in_the_spool) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  stream(t);
  load_with();
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  fault::fail_at("before_commit", 2);
  load(Changes().transaction(700, 0x2000).staged(700).insert(t, {2, "b"}).commits());
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b"}));
}

// --- the spool's rules, and its bound
// ----------------------------------------------------------------------------------

TEST_F(LoaderTest, p2_a_spooled_change_that_comes_again_replaces_itself) {
  begin();
  load_with();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  catalog_shows({in_catalog(t)});
  step();
  load(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  for (const auto* point : {"before_load", "before_checkpoint", "before_commit"}) {
    fault::fail_at(point, 2);
    load(Changes()
             .transaction(701, durable_ + 16)
             .insert(t, {2, point})
             .transaction(702, durable_ + 32)
             .insert(t, {3, point})
             .commits());
  }
  copied(t, {}, 0x1800);
  step();
  EXPECT_EQ(rows("public.items", "note"), (Lines{"a", "before_checkpoint", "before_checkpoint", "before_commit",
                                                 "before_commit", "before_load", "before_load"}));
}

TEST_F(LoaderTest, p2_a_copy_is_not_swapped_in_without_its_spooled_changes) {
  begin();
  load_with();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  catalog_shows({in_catalog(t)});
  step();
  load(Changes().transaction(700, 0x2000).insert(t, {2, "later"}).commits());
  fault::fail_at("before_commit", 2);
  copied(t, {{1, "copied"}}, 0x1800);
  step();
  EXPECT_EQ(stored("items")->state, TableState::streaming);
  EXPECT_EQ(rows("public.items"), (Lines{"1|copied", "2|later"}));
  EXPECT_EQ(spool().bytes(), 0U);
}

TEST_F(LoaderTest, p2_the_state_copying_is_durable_before_a_spooled_change_is_passed) {
  begin();
  load_with();
  const auto t = items();
  catalog_shows({in_catalog(t)});
  push(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  step();
  EXPECT_EQ(stored_checkpoint(), Lsn{0x2008});
  EXPECT_EQ(stored("items")->state, TableState::copying);
  begin();  // the spool ended with its process
  load_with();
  catalog_shows({in_catalog(t)});
  step();
  EXPECT_EQ(state_of(items_oid), TableState::copying) << "it is copied again";
  copied(t, {{1, "a"}}, 0x2010);
  load(Changes().transaction(701, 0x2010).insert(t, {2, "b"}).commits());
  step();
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b"}));
}

TEST_F(LoaderTest, p5_a_full_spool_gives_up_the_largest_copy_and_the_others_go_on) {
  begin();
  const auto streaming = items(16600, "streaming");
  stream(streaming);
  load_with({.follow = true});
  const auto large = items();
  const auto small = items(others_oid, "others");
  catalog_shows({in_catalog(streaming), in_catalog(large), in_catalog(small)});
  step();
  load(Changes().transaction(700, 0x2000).insert(small, {1, "s"}).commits());
  load(Changes().transaction(701, 0x2100).insert(large, {1, std::string(4000, 'x')}).commits());
  spool().set_capacity(spool().bytes() + 300);
  load(Changes()
           .transaction(702, 0x2200)
           .insert(streaming, {1, "t"})
           .insert(small, {2, std::string(2000, 'y')})
           .commits());
  EXPECT_EQ(stored("items")->state, TableState::pending);
  EXPECT_NE(record(items_oid).reason.find("the spool is full"), std::string::npos) << record(items_oid).reason;
  EXPECT_TRUE(sync().find(items_oid)->postponement.has_value());
  EXPECT_EQ(stored("others")->state, TableState::copying);
  EXPECT_EQ(rows("public.streaming"), Lines{"1|t"});
  EXPECT_EQ(stored_checkpoint(), Lsn{0x2208});
  copied(small, {}, 0x1800);
  step();
  EXPECT_EQ(rows("public.others", "id, length(note)"), (Lines{"1|1", "2|2000"})) << "each of its changes once";
}

TEST_F(LoaderTest, p5_a_change_that_alone_does_not_fit_gives_up_its_own_copy) {
  begin();
  load_with({.follow = true});
  const auto t = items();
  catalog_shows({in_catalog(t)});
  step();
  spool().set_capacity(1000);
  load(Changes().transaction(700, 0x2000).insert(t, {1, std::string(2000, 'x')}).commits());
  EXPECT_EQ(stored("items")->state, TableState::pending);
  EXPECT_EQ(stored_checkpoint(), Lsn{0x2008});
  EXPECT_EQ(spool().bytes(), 0U);
}

TEST_F(LoaderTest, p5_an_open_transaction_that_alone_does_not_fit_is_an_error) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  catalog_shows({in_catalog(t), in_catalog(items(others_oid, "others"))});
  step();
  load(Changes().transaction(699, 0x2000).insert(items(others_oid, "others"), {1, "o"}).commits());
  spool().set_capacity(spool().bytes() + 200);
  try {
    load(Changes().transaction(700, 0).insert(t, {1, std::string(5000, 'x')}).part(700));
    FAIL() << "it was spooled";
  } catch (const Error& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::data);
    EXPECT_NE(failed.cause().find("transaction 700 is open and does not fit"), std::string::npos) << failed.cause();
  }
  EXPECT_EQ(state_of(others_oid), TableState::copying) << "no copy is given up in vain";
}

// --- tables whose rows are not copied
// ----------------------------------------------------------------------------------

TEST_F(LoaderTest, a_table_without_a_copy_of_rows_streams_at_once) {
  begin({.snapshot = false});
  load_with();
  const auto t = items();
  catalog_shows({in_catalog(t)});
  push(Changes().transaction(700, 0x2000).insert(t, {1, "early"}).commits());
  step();
  EXPECT_EQ(stored("items")->state, TableState::streaming);
  EXPECT_EQ(rows("public.items"), Lines{"1|early"});
  EXPECT_EQ(spool().bytes(), 0U) << "its changes never wait";
}

TEST_F(LoaderTest, p2_a_table_without_a_copy_of_rows_loses_no_change_where_its_beginning_fails) {
  const auto t = items();
  const auto run = [&] {
    begin({.snapshot = false});
    load_with({.retries = 0});
    catalog_shows({in_catalog(t)});
    push(Changes().transaction(700, 0x2000).insert(t, {1, "early"}).commits());
    step();
  };
  for (const auto* point : {"before_promote", "before_checkpoint", "before_commit"}) {
    fault::fail_at(point, 1);
    EXPECT_THROW(run(), Error) << point;
    EXPECT_EQ(stored("items")->state, TableState::copying) << point;
    EXPECT_LE(stored_checkpoint(), Lsn{0x1000}) << point;
    while (queue_.take({}).package) queue_.finished();
  }
  run();
  EXPECT_EQ(stored("items")->state, TableState::streaming);
  EXPECT_EQ(rows("public.items"), Lines{"1|early"});
}

// Under its new name it begins anew; its record under the old one must be durable no later.
TEST_F(LoaderTest, p2_a_renamed_table_without_a_copy_of_rows_is_known_by_one_name_whatever_fails) {
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
  EXPECT_EQ(stored("items")->state, TableState::removed);
}

TEST_F(LoaderTest, tables_without_a_copy_of_rows_begin_together_and_one_that_cannot_is_suspended) {
  contract::run_in_duckdb(file(), {"CREATE SCHEMA public", "CREATE TABLE public.items (mine text)"});
  begin({.snapshot = false});
  load_with();
  const auto other = items(others_oid, "others");
  catalog_shows({in_catalog(items()), in_catalog(other)});
  push(Changes().transaction(700, 0x2000).insert(items(), {1, "x"}).insert(other, {1, "y"}).commits());
  step();
  EXPECT_EQ(stored("items")->state, TableState::quarantined);
  EXPECT_EQ(stored("others")->state, TableState::streaming);
  EXPECT_EQ(rows("public.others"), Lines{"1|y"});
}

// --- the catalog and requests
// ------------------------------------------------------------------------------------------

TEST_F(LoaderTest, rows_behind_a_relation_message_wait_for_the_catalog) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  load_with();
  int polls = 0;
  on_poll_ = [&] {
    if (++polls == 2) catalog_shows({in_catalog(t, {.publication = "p2"})}, 0x2010);
  };
  auto package = Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits();
  package.described = Lsn{0x2000};
  load(std::move(package));
  EXPECT_EQ(polls, 2) << "a poll that began before the commit does not count";
  EXPECT_EQ(state_of(items_oid), TableState::copying) << "the catalog was compared first";
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "the change waits for the copy";
}

TEST_F(LoaderTest, nobody_waits_for_a_catalog_that_is_not_read) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  polled_ = false;
  auto package = Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits();
  package.described = Lsn{0x2000};
  load(std::move(package));
  EXPECT_EQ(rows("public.items"), Lines{"2|b"});
}

TEST_F(LoaderTest, a_table_that_left_is_removed_when_everything_before_is_applied) {
  begin();
  const auto t = items();
  stream(t);
  load_with({.follow = true});
  auto without = published({});
  without.moment = {.lsn = Lsn{0x2000}, .next_xid = 702, .oldest_xid = 702};
  inbox_.post(CatalogSeen{.complete_to = Lsn{0x1000}, .publication = without});
  step();
  EXPECT_EQ(state_of(items_oid), TableState::streaming);
  load(Changes().transaction(701, 0x1ff0).insert(t, {1, "its last"}).commits());
  EXPECT_EQ(state_of(items_oid), TableState::streaming);
  load(Changes().transaction(703, 0x2000).insert(items(others_oid, "others"), {1, "x"}).commits());
  EXPECT_EQ(stored("items")->state, TableState::removed);
  EXPECT_EQ(rows("public.items"), Lines{"1|its last"});
}

TEST_F(LoaderTest, a_resync_is_answered_when_it_is_durable) {
  begin();
  stream(items(), {{1, "a"}});
  load_with();
  ResyncRequest request{.tables = {{.schema = "public", .name = "items"}},
                        .answer = std::make_shared<ResyncRequest::Answer>()};
  inbox_.post(request);
  step();
  EXPECT_TRUE(request.answer->durable);
  EXPECT_EQ(stored("items")->state, TableState::copying);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "readers keep what they have";
}

TEST_F(LoaderTest, a_resync_of_an_unknown_table_is_refused) {
  begin();
  stream(items());
  load_with();
  ResyncRequest request{.tables = {{.schema = "public", .name = "itens"}},
                        .answer = std::make_shared<ResyncRequest::Answer>()};
  inbox_.post(request);
  step();
  EXPECT_FALSE(request.answer->durable);
  ASSERT_TRUE(request.answer->refused);
  EXPECT_THROW(std::rethrow_exception(request.answer->refused), Error);
}

}  // namespace
}  // namespace walbrook::replication
