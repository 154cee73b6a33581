// The loader over a real destination: what becomes durable together, in which order, and what a load that fails leaves.
// Nobody copies tables here: the test answers the orders.
#include "replication/core/loader.h"

#include <atomic>
#include <functional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fault.h"
#include "replication/runtime/package_queue.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {
namespace {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] Now now() const override { return now_; }
  void set(SteadyTime steady) { now_.steady = steady; }

 private:
  Now now_{.steady = SteadyTime{} + std::chrono::hours(1), .wall = WallTime{} + std::chrono::hours(500'000)};
};

// Keeps what was ordered.
class Orders final : public TableCopier {
 public:
  void order(CopyOrder order) override {
    if (on_order_) on_order_(order);
    ++orders_;
  }

  int orders_ = 0;
  std::function<void(const CopyOrder&)> on_order_;
};

class Readings final : public CatalogReadings {
 public:
  void ask() override {
    if (on_ask_) on_ask_();
  }
  [[nodiscard]] bool is_answered() const override { return answered_; }

  std::function<void()> on_ask_;
  bool answered_ = true;
};

class LoaderTest : public EngineCase {
 protected:
  ~LoaderTest() override { fault::fail_at("", 0); }

  // A loader that goes on at checkpoint 0/1000, as a run would begin it.
  void load_with(LoaderOptions options = {}) {
    options.checkpoint = {.slot = "walbrook", .systemid = "7301", .timeline = 1, .lsn = Lsn{0x1000}};
    loader_.emplace(std::move(options), clock_, destination(), spool(), sync(), queue_, groups_, statistics_, durable_,
                    [this] { ++advanced_; });
    loader_->set_copier(orders_);
    loader_->set_catalog(readings_);
  }
  void push(LoadPackage package) { ASSERT_TRUE(queue_.try_push(package)); }
  // Steps until the loader waits for something else than the time that passes between two attempts.
  void step() {
    while (true) {
      step_once();
      if (const auto* wait = std::get_if<Wait>(&next_); wait != nullptr && wait->what == Awaited::retry) {
        clock_.set(wait->until);
      } else if (!std::holds_alternative<RunAgain>(next_) && inbox_.empty()) {
        return;
      }
    }
  }
  void step_at(SteadyTime now) {
    clock_.set(now);
    step();
  }
  void step_once() {
    for (auto& message : std::exchange(inbox_, {})) loader_->tell(std::move(message));
    next_ = loader_->step(clock_.now());
  }
  [[nodiscard]] SteadyTime until() const { return std::get<Wait>(next_).until; }
  void load(LoadPackage package) {
    push(std::move(package));
    step();
  }
  [[nodiscard]] static SteadyTime later(int ms) { return SteadyTime{} + std::chrono::hours(1) + milliseconds(ms); }
  void catalog_shows(std::vector<postgres::SourceTable> tables, std::uint64_t position = 0x1000) {
    inbox_.push_back(CatalogSeen{.complete_to = Lsn{position}, .publication = published(std::move(tables), position)});
  }
  // The copier copied what was ordered of the table, and says so.
  void copied(const TableSchemaRef& schema, const std::vector<Cells>& rows, std::uint64_t consistent_point) {
    const auto writer = contract::begin_copy(destination(), record(schema->oid), schema);
    writer->append(0, contract::inserts(schema, rows));
    writer->finish();
    inbox_.push_back(CopyResult{.output = record(schema->oid).id,
                                .number = output(schema->oid).copy_number,
                                .consistent_point = Lsn{consistent_point},
                                .columns = schema,
                                .rows = rows.size()});
  }
  void copy_ends(CopyResult::Kind kind, const std::string& reason = {}) {
    inbox_.push_back(CopyResult{.kind = kind,
                                .output = record(items_oid).id,
                                .number = output(items_oid).copy_number,
                                .reason = reason,
                                .why = {.reason = reason}});
  }
  [[nodiscard]] Lsn stored_checkpoint() {
    const auto state = destination().read_state();
    return state.checkpoint ? state.checkpoint->lsn : Lsn{};
  }
  [[nodiscard]] Loader& loader() { return *loader_; }

  FakeClock clock_;
  PackageQueue queue_{1U << 20U, [] {}, [] {}};
  std::vector<LoaderMessage> inbox_;
  TableGroups groups_;
  Statistics statistics_{{}, clock_};
  std::atomic<std::uint64_t> durable_ = 0x1000;
  Orders orders_;
  Readings readings_;
  int advanced_ = 0;
  Next next_;
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
    EXPECT_NE(failed.mend().find("the copy stands at 0/1000"), std::string::npos) << failed.mend();
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
  EXPECT_EQ(stored("items")->state, OutputState::quarantined);
  EXPECT_EQ(output(items_oid).set_aside_at, Lsn{0x2000});
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
  EXPECT_EQ(stored("items")->state, OutputState::quarantined);
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

// Found by a reading: the target may have been copied anew since the changes were put aside.
TEST_F(LoaderTest, p4_an_overflow_column_is_added_when_what_was_put_aside_is_applied) {
  begin();
  const auto money = contract::table("money", {{"id", contract::int4, contract::key}, {"a", contract::numeric}});
  stream(money);
  load_with();
  const auto resync = [&] {
    inbox_.push_back(ResyncRequest{.tables = {{.schema = "public", .name = "money"}},
                                   .answer = std::make_shared<ResyncRequest::Answer>()});
    step();
    copied(money, {}, durable_);
    step();
    ASSERT_EQ(state_of(items_oid), OutputState::streaming);
    EXPECT_THROW(static_cast<void>(rows("public.money", "a__v_text")), Error) << "no row needs it";
  };
  load(Changes().transaction(700, 0).insert(money, {1, contract::VariantText{"NaN"}}).part(700));
  resync();
  load(Changes().transaction(700, 0x2000).staged(700).commits());
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"1|-|NaN"});
  load(Changes().transaction(701, 0x2100).insert(money, {2, contract::VariantText{"Infinity"}}).prepare(701));
  resync();
  load(Changes().transaction(701, 0x2200).staged(701, true).commits());
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"2|-|Infinity"});
}

TEST_F(LoaderTest, p4_an_overflow_column_is_added_for_what_another_process_prepared) {
  begin();
  const auto money = contract::table("money", {{"id", contract::int4, contract::key}, {"a", contract::numeric}});
  load_with();
  catalog_shows({in_catalog(money)});
  step();
  load(Changes().transaction(700, 0x2000).insert(money, {1, contract::VariantText{"NaN"}}).prepare(700));
  ASSERT_EQ(state_of(items_oid), OutputState::copying);
  begin();
  durable_ = 0x1000;  // where load_with begins
  load_with();
  catalog_shows({in_catalog(money)});
  step();
  copied(money, {}, 0x1000);
  step();
  ASSERT_EQ(state_of(items_oid), OutputState::streaming);
  load(Changes().transaction(700, 0x3000).staged(700, true).commits());
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"1|-|NaN"});
}

// --- idle positions
// ----------------------------------------------------------------------------------------------------

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
  load_with({.target = Lsn{0x3000}});
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
  load_with({.target = Lsn{0x1000}});
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

// --- copies
// ------------------------------------------------------------------------------------------------------------

TEST_F(LoaderTest, a_copy_is_ordered_once_its_state_is_durable) {
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

TEST_F(LoaderTest, a_copy_becomes_visible_when_its_point_is_reached) {
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

TEST_F(LoaderTest, an_idle_position_reaches_a_copys_point) {
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
  EXPECT_EQ(state_of(others_oid), OutputState::copying);
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
  inbox_.push_back(CopyResult{
      .kind = CopyResult::Kind::failed, .output = record(items_oid).id, .number = 99, .reason = "of another order"});
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
}

TEST_F(LoaderTest, a_table_that_is_gone_is_removed_and_one_that_fails_is_suspended) {
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
  EXPECT_EQ(stored("items")->state, OutputState::quarantined);
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

TEST_F(LoaderTest, a_name_that_is_taken_suspends_the_table_before_its_copy) {
  contract::run_in_duckdb(file(), {"CREATE SCHEMA public", "CREATE TABLE public.items (mine text)"});
  begin();
  load_with();
  catalog_shows({in_catalog(items())});
  step();
  EXPECT_EQ(stored("items")->state, OutputState::quarantined);
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
  load(DiscardSpooled{700});
  load(Changes().transaction(700, 0x2000).staged(700).insert(t, {2, "of its successor"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"2|of its successor"});
}

TEST_F(LoaderTest, a_stream_that_begins_again_drops_what_was_open) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  load(StreamRestart{});
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
  load(DiscardPrepared{.xid = 700, .checkpoint = Lsn{0x2100}});
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
  load(DiscardSpooled{701});
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

// Found by the simulation: the copy is whole while a package that was spooled for it waits to be tried again.
TEST_F(LoaderTest, p1_a_copy_is_swapped_in_without_the_changes_of_a_package_that_is_not_durable) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});  // a row twice shows
  load_with();
  catalog_shows({in_catalog(t)});
  step();
  fault::fail_at("before_commit", 1);
  push(Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits());
  step_once();
  copied(t, {{1, "a"}}, 0x1000);
  fault::fail_at("before_load", 1);  // once more, after the copy was swapped in
  clock_.set(until());
  step_once();
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  step();
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b"}));
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
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
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
  EXPECT_EQ(stored("items")->state, OutputState::copying);
  begin();  // the spool ended with its process
  load_with();
  catalog_shows({in_catalog(t)});
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::copying) << "it is copied again";
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
  EXPECT_EQ(stored("items")->state, OutputState::pending);
  EXPECT_NE(record(items_oid).reason.find("the spool is full"), std::string::npos) << record(items_oid).reason;
  EXPECT_TRUE(output(items_oid).postponement.has_value());
  EXPECT_EQ(stored("others")->state, OutputState::copying);
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
  EXPECT_EQ(stored("items")->state, OutputState::pending);
  EXPECT_EQ(stored_checkpoint(), Lsn{0x2008});
  EXPECT_EQ(spool().bytes(), 0U);
}

TEST_F(LoaderTest, p5_a_table_that_is_suspended_while_it_is_copied_leaves_the_spool) {
  begin();
  load_with({.follow = true});
  const auto t = items();
  const auto small = items(others_oid, "others");
  catalog_shows({in_catalog(t), in_catalog(small)});
  step();
  load(Changes().transaction(700, 0x2000).insert(t, {1, std::string(2000, 'x')}).commits());
  auto package = Changes().transaction(701, 0x2100).insert(small, {1, "a"}).commits();
  package.troubles.push_back({.oid = items_oid, .reason = "no value of its type", .commit_lsn = Lsn{0x2100}});
  load(std::move(package));
  ASSERT_EQ(spool().keys().size(), 1U);
  EXPECT_EQ(spool().keys().front().first, output_key(record(others_oid).id));
  spool().set_capacity(spool().bytes() + 100);
  load(Changes().transaction(702, 0x2200).insert(small, {2, std::string(500, 'x')}).commits());
  EXPECT_EQ(stored("items")->state, OutputState::quarantined) << "it is not given up in place of a copy";
  EXPECT_EQ(stored("items")->reason, "no value of its type");
  EXPECT_EQ(stored("others")->state, OutputState::pending);
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
  EXPECT_EQ(state_of(others_oid), OutputState::copying) << "no copy is given up in vain";
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
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
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
    EXPECT_EQ(stored("items")->state, OutputState::copying) << point;
    EXPECT_LE(stored_checkpoint(), Lsn{0x1000}) << point;
    while (queue_.take().package) queue_.finished();
  }
  run();
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
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
  EXPECT_EQ(stored("items")->state, OutputState::removed);
}

TEST_F(LoaderTest, tables_without_a_copy_of_rows_begin_together_and_one_that_cannot_is_suspended) {
  contract::run_in_duckdb(file(), {"CREATE SCHEMA public", "CREATE TABLE public.items (mine text)"});
  begin({.snapshot = false});
  load_with();
  const auto other = items(others_oid, "others");
  catalog_shows({in_catalog(items()), in_catalog(other)});
  push(Changes().transaction(700, 0x2000).insert(items(), {1, "x"}).insert(other, {1, "y"}).commits());
  step();
  EXPECT_EQ(stored("items")->state, OutputState::quarantined);
  EXPECT_EQ(stored("others")->state, OutputState::streaming);
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
  readings_.on_ask_ = [&] {
    if (++polls == 1) inbox_.push_back(CatalogSeen{.complete_to = Lsn{0x1500}, .publication = std::nullopt});
    if (polls == 2) catalog_shows({in_catalog(t, {.publication = "p2"})}, 0x2010);
  };
  auto package = Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits();
  package.described = Lsn{0x2000};
  load(std::move(package));
  EXPECT_EQ(polls, 2) << "a poll that began before the commit does not count";
  EXPECT_EQ(state_of(items_oid), OutputState::copying) << "the catalog was compared first";
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "the change waits for the copy";
}

TEST_F(LoaderTest, a_catalog_that_does_not_come_is_waited_for_fifteen_seconds) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  auto package = Changes().transaction(700, 0x2000).insert(t, {2, "b"}).commits();
  package.described = Lsn{0x2000};
  const auto began = clock_.now().steady;
  load(std::move(package));
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
  ResyncRequest request{.tables = {{.schema = "public", .name = "items"}},
                        .answer = std::make_shared<ResyncRequest::Answer>()};
  inbox_.push_back(request);
  step();
  EXPECT_TRUE(request.answer->durable);
  EXPECT_EQ(stored("items")->state, OutputState::copying);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << "readers keep what they have";
}

TEST_F(LoaderTest, a_resync_of_an_unknown_table_is_refused) {
  begin();
  stream(items());
  load_with();
  ResyncRequest request{.tables = {{.schema = "public", .name = "itens"}},
                        .answer = std::make_shared<ResyncRequest::Answer>()};
  inbox_.push_back(request);
  step();
  EXPECT_FALSE(request.answer->durable);
  ASSERT_TRUE(request.answer->refused);
  EXPECT_THROW(std::rethrow_exception(request.answer->refused), Error);
}

}  // namespace
}  // namespace walbrook::replication
