// What becomes durable together, in which order, and what a load that fails leaves.
#include <utility>

#include "base/error.h"
#include "destination/memory/memory_store.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/loader_case.h"

namespace walbrook::replication {
namespace {

class LoaderTest : public LoaderCase {};

TEST_F(LoaderTest, p2_a_batch_is_durable_together_with_its_checkpoint) {
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

TEST_F(LoaderTest, batches_are_applied_in_commit_order_one_load_each) {
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
  step_once();
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
    EXPECT_NE(failed.hint().find("the replica is at 0/1000"), std::string::npos) << failed.hint();
  }
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(durable_, 0x1000U);
  EXPECT_EQ(advanced_, 0);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming) << "the new column was not seen";
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
  EXPECT_EQ(stored("items")->state, OutputState::suspended);
  EXPECT_EQ(output(items_oid).suspended_at, Lsn{0x2000});
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
  EXPECT_EQ(stored("items")->state, OutputState::suspended);
  EXPECT_EQ(rows("public.others"), Lines{"1|x"});
}

TEST_F(LoaderTest, an_overflow_column_is_there_before_the_load_that_needs_it) {
  begin();
  const auto money = contract::table("money", {{"id", contract::int4, contract::key}, {"a", contract::numeric}});
  stream(money);
  load_with();
  load(Changes().transaction(700, 0x2000).insert(money, {1, contract::OverflowText{"NaN"}}).commits());
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"1|-|NaN"});
  EXPECT_EQ(statistics_.snapshot().applied.overflow_values, 1U);
}

// Found by review: the target may have been copied again since the changes were spooled.
TEST_F(LoaderTest, p4_an_overflow_column_is_added_when_what_was_put_aside_is_applied) {
  begin();
  const auto money = contract::table("money", {{"id", contract::int4, contract::key}, {"a", contract::numeric}});
  stream(money);
  load_with();
  const auto resync = [&] {
    inbox_.push_back(TableRequest{.tables = {{.schema = "public", .name = "money"}},
                                  .answer = std::make_shared<TableRequest::Answer>()});
    step();
    copied(money, {}, durable_);
    step();
    ASSERT_EQ(state_of(items_oid), OutputState::streaming);
    EXPECT_THROW(static_cast<void>(rows("public.money", "a__v_text")), Error) << "no row needs it";
  };
  load(Changes().transaction(700, 0).insert(money, {1, contract::OverflowText{"NaN"}}).part(700));
  resync();
  load(Changes().transaction(700, 0x2000).earlier_parts(700).commits());
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"1|-|NaN"});
  load(Changes().transaction(701, 0x2100).insert(money, {2, contract::OverflowText{"Infinity"}}).prepare(701));
  resync();
  load(Changes().transaction(701, 0x2200).earlier_parts(701, true).commits());
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"2|-|Infinity"});
}

TEST_F(LoaderTest, p4_an_overflow_column_is_added_for_what_another_process_prepared) {
  begin();
  const auto money = contract::table("money", {{"id", contract::int4, contract::key}, {"a", contract::numeric}});
  load_with();
  catalog_shows({in_catalog(money)});
  step();
  load(Changes().transaction(700, 0x2000).insert(money, {1, contract::OverflowText{"NaN"}}).prepare(700));
  ASSERT_EQ(state_of(items_oid), OutputState::copying);
  begin();
  durable_ = 0x1000;  // where load_with begins
  load_with();
  catalog_shows({in_catalog(money)});
  step();
  copied(money, {}, 0x1000);
  step();
  ASSERT_EQ(state_of(items_oid), OutputState::streaming);
  load(Changes().transaction(700, 0x3000).earlier_parts(700, true).commits());
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"1|-|NaN"});
}

// ---- idle positions ----

TEST_F(LoaderTest, p3_an_idle_position_becomes_the_checkpoint_after_a_while) {
  begin();
  load_with({.follow = true});
  queue_.set_idle_position(Lsn{0x3000});
  step_at(later(0));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x3000});
  EXPECT_EQ(durable_, 0x3000U);
  queue_.set_idle_position(Lsn{0x4000});
  step_at(later(1999));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x3000}) << "at most one such commit every two seconds";
  step_at(later(2000));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x4000});
  step_at(later(9000));
  EXPECT_EQ(advanced_, 2) << "the same position is committed once";
}

TEST_F(LoaderTest, an_idle_position_is_committed_at_once_where_commits_wait_for_it) {
  begin();
  load_with({.follow = true});
  inbox_.push_back(CommitsWait{.wait = true});
  queue_.set_idle_position(Lsn{0x3000});
  step_at(later(0));
  queue_.set_idle_position(Lsn{0x3100});
  step_at(later(1));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x3100});
}

TEST_F(LoaderTest, an_idle_position_at_the_target_ends_the_run) {
  begin();
  load_with({.until = Lsn{0x3000}});
  queue_.set_idle_position(Lsn{0x2000});
  step_at(later(0));
  EXPECT_FALSE(loader().is_at_end());
  queue_.set_idle_position(Lsn{0x3000});
  step_at(later(1));
  EXPECT_EQ(stored_checkpoint(), Lsn{0x3000});
  EXPECT_TRUE(loader().is_at_end());
}

TEST_F(LoaderTest, an_idle_position_keeps_the_last_transaction) {
  begin();
  const auto t = items();
  stream(t);
  load_with({.follow = true});
  load(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  queue_.set_idle_position(Lsn{0x9000});
  step_at(later(5000));
  EXPECT_EQ(destination().read_state().checkpoint->last.xid, 700U);
}

TEST_F(LoaderTest, a_run_is_not_done_before_its_tables_are) {
  begin();
  load_with({.until = Lsn{0x1000}});
  catalog_shows({in_catalog(items())});
  step();
  EXPECT_FALSE(loader().is_at_end());
  copied(items(), {}, 0x1000);
  step();
  EXPECT_TRUE(loader().is_at_end());
}

TEST_F(LoaderTest, it_is_done_when_a_closed_queue_is_empty) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  push(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  queue_.close();
  step_once();
  EXPECT_FALSE(std::holds_alternative<Done>(next_));
  step();
  EXPECT_TRUE(std::holds_alternative<Done>(next_));
  EXPECT_EQ(durable_, 0x2008U);
}

TEST_F(LoaderTest, a_destination_that_is_gone_ends_the_run) {
  begin();
  load_with({.follow = true});
  std::filesystem::rename(file(), file().string() + ".moved");
  EXPECT_THROW(step_at(later(0)), Error);
  EXPECT_EQ(durable_, 0x1000U);
}

// ---- the catalog and requests ----

TEST_F(LoaderTest, rows_behind_a_relation_message_wait_for_the_catalog) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  load_with();
  int polls = 0;
  readings_.on_ask_ = [&] {
    if (++polls == 1) inbox_.push_back(CatalogSeen{.complete_to = Lsn{0x1500}, .publication = std::nullopt});
    if (polls == 2) catalog_shows({in_catalog(t, {.publication = "p2"})}, 0x2010);
  };
  auto batch = Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits();
  batch.described = Lsn{0x2000};
  load(std::move(batch));
  EXPECT_EQ(polls, 2) << "a poll that began before the commit does not count";
  EXPECT_EQ(state_of(items_oid), OutputState::copying) << "the catalog was compared first";
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "the change waits for the copy";
}

TEST_F(LoaderTest, a_catalog_that_does_not_come_is_waited_for_fifteen_seconds) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  auto batch = Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits();
  batch.described = Lsn{0x2000};
  const auto began = clock_.now().steady;
  load(std::move(batch));
  EXPECT_EQ(rows("public.items"), Lines{});
  EXPECT_EQ(std::get<Wait>(next_).what, Awaited::catalog);
  EXPECT_EQ(until(), began + std::chrono::seconds(15));
  step_at(until() - milliseconds(1));
  EXPECT_EQ(rows("public.items"), Lines{});
  step_at(until());
  EXPECT_EQ(rows("public.items"), Lines{"2|b"});
}

// Between two attempts nothing is applied, and each wait is longer than the one before.
TEST_F(LoaderTest, retries_are_state_and_end_after_a_bound) {
  begin();
  const auto t = items();
  stream(t);
  load_with({.retries = 3});
  fault::fail_at("before_commit", 100);
  push(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  std::vector<milliseconds> waits;
  for (int i = 0; i < 3; ++i) {
    step_once();
    ASSERT_EQ(std::get<Wait>(next_).what, Awaited::retry);
    waits.push_back(std::chrono::duration_cast<milliseconds>(until() - clock_.now().steady));
    clock_.set(until() - milliseconds(1));
    const auto due = until();
    step_once();
    EXPECT_EQ(until(), due) << "it is not tried before its time";
    clock_.set(due);
  }
  EXPECT_EQ(waits, (std::vector{milliseconds(100), milliseconds(200), milliseconds(400)}));
  EXPECT_THROW(step_once(), Error);
  EXPECT_EQ(durable_, 0x1000U);
}

// What is durable is ahead of what this loader knows, and stays so.
TEST_F(LoaderTest, p2_a_commit_in_doubt_that_was_durable_ends_the_run_without_another_attempt) {
  const std::string url = "memory:commit_in_doubt";
  const auto store = destination::memory::MemoryStore::named(url);
  use(url);
  begin();
  const auto t = items();
  stream(t);
  load_with({.waits_for_destination = true});
  store->set_hook([](destination::memory::Step step) {
    if (step == destination::memory::Step::after_commit) throw Error(ErrorKind::in_doubt, "the answer was lost");
  });
  push(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  step_once();
  ASSERT_EQ(std::get<Wait>(next_).what, Awaited::retry);
  store->set_hook(nullptr);
  clock_.set(until());
  EXPECT_THROW(step_once(), destination::CommitWasDurable);
  EXPECT_EQ(durable_, 0x1000U);
  EXPECT_EQ(stored_checkpoint(), Lsn{0x2008});
}

TEST_F(LoaderTest, no_copy_is_ordered_whose_state_is_not_durable) {
  begin();
  load_with();
  const auto t = items();
  catalog_shows({in_catalog(t)});
  std::filesystem::rename(file(), file().string() + ".moved");
  EXPECT_THROW(step(), Error);
  EXPECT_EQ(orders_.orders_, 0);
}

TEST_F(LoaderTest, nobody_waits_for_a_catalog_that_is_not_read) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  readings_.answered_ = false;
  auto batch = Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits();
  batch.described = Lsn{0x2000};
  load(std::move(batch));
  EXPECT_EQ(rows("public.items"), Lines{"2|b"});
}

TEST_F(LoaderTest, a_table_that_left_is_removed_when_everything_before_is_applied) {
  begin();
  const auto t = items();
  stream(t);
  load_with({.follow = true});
  auto without = published({});
  without.moment = {.lsn = Lsn{0x2000}, .next_xid = 702, .oldest_xid = 702};
  inbox_.push_back(CatalogSeen{.complete_to = Lsn{0x1000}, .publication = without});
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  load(Changes().transaction(701, 0x1ff0).insert(t, {1, "its last"}).commits());
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  load(Changes().transaction(703, 0x2000).insert(items(others_oid, "others"), {1, "x"}).commits());
  EXPECT_EQ(stored("items")->state, OutputState::removed);
  EXPECT_EQ(rows("public.items"), Lines{"1|its last"});
}

TEST_F(LoaderTest, a_resync_is_answered_when_it_is_durable) {
  begin();
  stream(items(), {{1, "a"}});
  load_with();
  TableRequest request{.tables = {{.schema = "public", .name = "items"}},
                       .answer = std::make_shared<TableRequest::Answer>()};
  inbox_.push_back(request);
  step();
  EXPECT_TRUE(request.answer->durable);
  EXPECT_EQ(stored("items")->state, OutputState::copying);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "readers keep what they have";
}

TEST_F(LoaderTest, a_table_is_suspended_between_two_loads_and_resumed_by_a_copy) {
  begin();
  const auto t = items();
  const auto other = items(others_oid, "others");
  stream(t, {{1, "a"}});
  stream(other);
  load_with();
  const auto request = [this](Requested what) {
    TableRequest made{.what = what,
                      .tables = {{.schema = "public", .name = "items"}},
                      .answer = std::make_shared<TableRequest::Answer>()};
    inbox_.push_back(made);
    step();
    EXPECT_TRUE(made.answer->durable);
  };
  request(Requested::suspend);
  EXPECT_TRUE(is_suspended_by_request(*stored("items")));
  load(Changes().transaction(700, 0x2000).update(t, {1, "b"}).insert(other, {1, "x"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(rows("public.others"), Lines{"1|x"});
  request(Requested::resume);
  EXPECT_EQ(stored("items")->state, OutputState::copying);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "readers keep what they have";
  load(Changes().transaction(701, 0x2100).insert(t, {2, "in the copy"}).commits());
  load(Changes().transaction(702, 0x2200).insert(t, {3, "c"}).commits());
  copied(t, {{1, "b"}, {2, "in the copy"}}, 0x2200);
  step();
  EXPECT_EQ(rows("public.items"), (Lines{"1|b", "2|in the copy", "3|c"}));
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
}

TEST_F(LoaderTest, a_copy_of_a_table_that_is_suspended_meanwhile_is_dropped) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  load_with();
  for (const auto what : {Requested::resync, Requested::suspend}) {
    inbox_.push_back(TableRequest{.what = what,
                                  .tables = {{.schema = "public", .name = "items"}},
                                  .answer = std::make_shared<TableRequest::Answer>()});
    step();
    if (what == Requested::resync) load(Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits());
  }
  EXPECT_EQ(spool().bytes(), 0U);
  copied(t, {{1, "a"}}, 0x1000);
  step();
  EXPECT_TRUE(is_suspended_by_request(*stored("items")));
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
}

TEST_F(LoaderTest, a_suspended_table_is_tried_again) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  see(published({in_catalog(t)}));
  load_with({.suspended_retry = std::chrono::minutes(1), .follow = true});
  load(Changes().transaction(700, 0x2000).insert(t, {2, "\xE9t\xE9"}).commits());
  EXPECT_EQ(stored("items")->state, OutputState::suspended);
  EXPECT_NE(stored("items")->suspension.retry_at, WallTime{});
  clock_.pass(std::chrono::seconds(59));
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  clock_.pass(std::chrono::seconds(2));
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
  EXPECT_EQ(orders_.orders_, 1);
  copied(t, {{1, "a"}, {2, "c"}}, 0x2008);
  step();
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|c"}));
  EXPECT_EQ(stored("items")->suspension.attempts, 1U) << "until it has streamed for a while";
}

TEST_F(LoaderTest, a_resync_of_an_unknown_table_is_refused) {
  begin();
  stream(items());
  load_with();
  TableRequest request{.tables = {{.schema = "public", .name = "itens"}},
                       .answer = std::make_shared<TableRequest::Answer>()};
  inbox_.push_back(request);
  step();
  EXPECT_FALSE(request.answer->durable);
  ASSERT_TRUE(request.answer->refused);
  EXPECT_THROW(std::rethrow_exception(request.answer->refused), Error);
}

}  // namespace
}  // namespace walbrook::replication
