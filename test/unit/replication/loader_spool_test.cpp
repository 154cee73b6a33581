// What waits for its commit or for a copy: open and prepared transactions, and the rules and the limit of the spool.
#include <utility>

#include "base/error.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/loader_case.h"

namespace walbrook::replication {
namespace {

class LoaderSpoolTest : public LoaderCase {};

// ---- open and prepared transactions ----

TEST_F(LoaderSpoolTest, parts_of_a_transaction_are_invisible_until_its_commit) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  load_with();
  load(Changes().transaction(700, 0).insert(t, {2, "b"}).part(700));
  load(Changes().transaction(700, 0).update(t, {2, "b2"}).part(700));
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(durable_, 0x1000U);
  load(Changes().transaction(700, 0x2000).earlier_parts(700).insert(t, {3, "c"}).commits());
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b2", "3|c"}));
}

TEST_F(LoaderSpoolTest, a_subtransaction_that_was_rolled_back_is_left_out) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(
      Changes().transaction(700, 0).insert(t, {1, "kept"}).transaction(701, 0).insert(t, {2, "rolled back"}).part(700));
  load(Changes().transaction(700, 0x2000).earlier_parts(700, false, {701}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|kept"});
}

TEST_F(LoaderSpoolTest, a_transaction_that_was_rolled_back_leaves_nothing) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  load(DiscardSpooled{700});
  load(Changes().transaction(700, 0x2000).earlier_parts(700).insert(t, {2, "of its successor"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"2|of its successor"});
}

TEST_F(LoaderSpoolTest, a_stream_that_begins_again_drops_what_was_open) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  load(StreamRestart{});
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  load(Changes().transaction(700, 0x2000).earlier_parts(700).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
}

TEST_F(LoaderSpoolTest, a_prepared_transaction_waits_across_processes) {
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
  load(Changes().transaction(700, 0x3000).earlier_parts(700, true).commits());
  EXPECT_EQ(rows("public.items"), (Lines{"1|streamed", "2|prepared"}));
}

TEST_F(LoaderSpoolTest, a_prepared_transaction_that_is_rolled_back_leaves_nothing) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  load(Changes().transaction(700, 0x2000).insert(t, {2, "prepared"}).prepare(700));
  load(DiscardPrepared{.xid = 700, .checkpoint = Lsn{0x2100}});
  load(Changes().transaction(701, 0x3000).earlier_parts(700, true).insert(t, {3, "c"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"3|c"});
}

TEST_F(LoaderSpoolTest, what_is_spooled_of_a_transaction_leaves_the_spool_with_it) {
  begin();
  const auto t = items();
  stream(t);
  load_with();
  const auto part = [&](std::uint32_t xid) {
    load(Changes().transaction(xid, 0).insert(t, {1, "a"}).part(xid));
    EXPECT_GT(spool().bytes(), 0U);
  };
  part(700);
  load(Changes().transaction(700, 0x2000).earlier_parts(700).commits());
  EXPECT_EQ(spool().bytes(), 0U) << "committed";
  part(701);
  load(DiscardSpooled{701});
  EXPECT_EQ(spool().bytes(), 0U) << "rolled back";
  part(702);
  load(Changes().transaction(702, 0x3000).insert(t, {2, "b"}).prepare(702));
  EXPECT_EQ(spool().bytes(), 0U) << "prepared";
}

TEST_F(LoaderSpoolTest, a_transaction_whose_load_fails_is_still_in_the_spool) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  stream(t);
  load_with();
  load(Changes().transaction(700, 0).insert(t, {1, "a"}).part(700));
  fault::fail_at("before_commit", 2);
  load(Changes().transaction(700, 0x2000).earlier_parts(700).insert(t, {2, "b"}).commits());
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b"}));
}

// ---- the spool's rules, and its bound ----

TEST_F(LoaderSpoolTest, p2_a_spooled_change_that_comes_again_replaces_itself) {
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

// Found by the simulation: the copy is finished while a batch spooled for it waits for another attempt.
TEST_F(LoaderSpoolTest, p1_a_copy_is_swapped_in_without_the_changes_of_a_batch_that_is_not_durable) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});  // shows duplicates
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

TEST_F(LoaderSpoolTest, p2_a_copy_is_not_swapped_in_without_its_spooled_changes) {
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

TEST_F(LoaderSpoolTest, p2_the_state_copying_is_durable_before_a_spooled_change_is_passed) {
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

TEST_F(LoaderSpoolTest, p5_a_full_spool_gives_up_the_largest_copy_and_the_others_go_on) {
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

TEST_F(LoaderSpoolTest, p5_a_change_that_alone_does_not_fit_gives_up_its_own_copy) {
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

TEST_F(LoaderSpoolTest, p5_a_table_that_is_suspended_while_it_is_copied_leaves_the_spool) {
  begin();
  load_with({.follow = true});
  const auto t = items();
  const auto small = items(others_oid, "others");
  catalog_shows({in_catalog(t), in_catalog(small)});
  step();
  load(Changes().transaction(700, 0x2000).insert(t, {1, std::string(2000, 'x')}).commits());
  auto batch = Changes().transaction(701, 0x2100).insert(small, {1, "a"}).commits();
  batch.errors.push_back({.oid = items_oid, .reason = "no value of its type", .commit_lsn = Lsn{0x2100}});
  load(std::move(batch));
  ASSERT_EQ(spool().keys().size(), 1U);
  EXPECT_EQ(spool().keys().front().first, output_key(record(others_oid).id));
  spool().set_capacity(spool().bytes() + 100);
  load(Changes().transaction(702, 0x2200).insert(small, {2, std::string(500, 'x')}).commits());
  EXPECT_EQ(stored("items")->state, OutputState::suspended) << "it is not given up in place of a copy";
  EXPECT_EQ(stored("items")->reason, "no value of its type");
  EXPECT_EQ(stored("others")->state, OutputState::pending);
}

TEST_F(LoaderSpoolTest, p5_an_open_transaction_that_alone_does_not_fit_is_an_error) {
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

}  // namespace
}  // namespace walbrook::replication
