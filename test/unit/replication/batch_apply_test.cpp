// The effect of a batch on the tables of the destination, by the state of each.
#include "replication/core/batch_apply.h"

#include "base/error.h"
#include "replication/core/target_needs.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {
namespace {

class BatchApplyTest : public EngineCase {
 protected:
  // Makes the table one to be copied, and orders its copy.
  void begin_copying(const TableSchemaRef& schema) {
    see(published({in_catalog(schema)}));
    (void)sync().order_copies(1, {});
    store({record(schema->oid)});
  }
};

TEST_F(BatchApplyTest, changes_of_a_batch_are_merged) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}, {2, "b"}, {3, "c"}});
  apply(Changes()
            .transaction(700, 0x1000)
            .update(t, {1, "a2"})
            .remove(t, {2, Null{}})
            .transaction(701, 0x1100)
            .insert(t, {4, "d"})
            .update(t, {4, "d2"})
            .insert(t, {5, "e"})
            .remove(t, {5, Null{}})
            .commits());
  EXPECT_EQ(rows("public.items"), (Lines{"1|a2", "3|c", "4|d2"}));
}

TEST_F(BatchApplyTest, a_key_change_moves_the_row) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}, {2, "b"}});
  apply(Changes()
            .transaction(700, 0x1000)
            .before(t, {1, Null{}})
            .update(t, {3, "a"})
            .before(t, {2, Null{}})
            .update(t, {1, "b"})
            .commits());
  EXPECT_EQ(rows("public.items"), (Lines{"1|b", "3|a"}));
}

TEST_F(BatchApplyTest, an_unchanged_value_stays_even_where_the_key_changes) {
  begin();
  const auto t = items();
  stream(t, {{1, "large"}});
  apply(Changes().transaction(700, 0x1000).before(t, {1, Null{}}).update(t, {2, Unchanged{}}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"2|large"});
}

TEST_F(BatchApplyTest, p2_changes_out_of_their_order_are_refused_and_change_nothing) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  auto batch =
      Changes().transaction(700, 0x1000).remove(t, {1, Null{}}).truncate({items(items_oid + 1, "unknown")}).commits();
  auto later = Changes().transaction(701, 0x1100).insert(t, {1, "b"}).commits();
  batch.transactions.push_back(later.transactions.front());
  auto& inserted = std::get<RowBatch>(later.operations.front());
  inserted.transaction.assign(inserted.rows(), 1);
  batch.operations.insert(batch.operations.begin(),
                          std::move(later.operations.front()));  // the later commit comes first
  try {
    apply(batch);
    FAIL() << "it was applied";
  } catch (const Error& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::internal);
    EXPECT_NE(failed.cause().find("public.items from commit 0/1000 to 0/1000 come after commit 0/1100"),
              std::string::npos)
        << failed.cause();
  }
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
}

TEST_F(BatchApplyTest, p4_a_batch_of_columns_of_different_lengths_is_refused) {
  begin();
  const auto t = items();
  stream(t);
  auto batch = Changes().transaction(700, 0x1000).insert(t, {1, "a"}).commits();
  std::get<RowBatch>(batch.operations.front()).columns[1].append_null();
  EXPECT_THROW(apply(batch), Error);
  EXPECT_EQ(rows("public.items"), Lines{});
}

TEST_F(BatchApplyTest, without_a_key_one_of_equal_rows_goes) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  stream(t, {{1, "a"}, {1, "a"}, {Null{}, Null{}}});
  apply(Changes().transaction(700, 0x1000).remove(t, {1, "a"}).remove(t, {Null{}, Null{}}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
}

TEST_F(BatchApplyTest, a_truncate_takes_what_came_before_it_and_nothing_after) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  apply(Changes().transaction(700, 0x1000).insert(t, {2, "b"}).truncate({t}).insert(t, {3, "c"}).commits());
  EXPECT_EQ(rows("public.items"), Lines{"3|c"});
  EXPECT_EQ(sync().find(items_oid)->record.truncates, std::vector<std::uint32_t>{700});
}

TEST_F(BatchApplyTest, of_truncates_the_newest_are_remembered) {
  begin();
  const auto t = items();
  stream(t);
  Changes changes;
  for (std::uint32_t i = 0; i < 70; ++i) changes.transaction(1000 + i, 0x1000 + 16 * i).truncate({t});
  apply(changes.commits());
  ASSERT_EQ(sync().find(items_oid)->record.truncates.size(), destination::most_truncates);
  EXPECT_EQ(sync().find(items_oid)->record.truncates.front(), 1006U);
  EXPECT_EQ(sync().find(items_oid)->record.truncates.back(), 1069U);
}

TEST_F(BatchApplyTest, a_truncate_of_one_leaf_is_copied) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  auto root = in_catalog(t);
  root.members = {items_oid, 16401, 16402};
  see(published({root}));
  apply(Changes().transaction(700, 0x1000).insert(t, {2, "b"}).truncate({items(16401, "items_1")}).commits());
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_EQ(record(items_oid).reason, "partition public.items_1 was truncated in the source");
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b"}));
}

TEST_F(BatchApplyTest, a_truncate_of_all_leaves_empties_the_table) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  auto root = in_catalog(t);
  root.members = {items_oid, 16401, 16402};
  see(published({root}));
  apply(Changes().transaction(700, 0x1000).truncate({items(16401, "items_1"), items(16402, "items_2")}).commits());
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(rows("public.items"), Lines{});
}

TEST_F(BatchApplyTest, changes_of_other_tables_and_states_are_dropped) {
  begin();
  const auto t = items();
  const auto unknown = items(16999, "unknown");
  stream(t, {{1, "a"}});
  for (const auto state : {OutputState::suspended, OutputState::removed, OutputState::left_out, OutputState::pending}) {
    output(items_oid).record.state = state;
    apply(Changes().transaction(700, 0x1000).insert(t, {2, "b"}).insert(unknown, {1, "x"}).commits());
    EXPECT_EQ(rows("public.items"), Lines{"1|a"}) << destination::to_string(state);
  }
}

// ---- the seam ----

TEST_F(BatchApplyTest, the_seam_applies_what_commits_at_the_consistent_point_or_later) {
  begin();
  const auto t = items();
  begin_copying(t);
  apply(Changes().transaction(700, 0x1000).insert(t, {1, "in the snapshot"}).commits());
  apply(Changes()
            .transaction(701, 0x2000)
            .insert(t, {2, "at the point"})
            .transaction(702, 0x2100)
            .update(t, {1, "behind it"})
            .commits());
  EXPECT_FALSE(is_there("public.items"));
  copy(items_oid, t, {{1, "copied"}}, 0x2000);
  swap_in(items_oid);
  EXPECT_EQ(rows("public.items"), (Lines{"1|behind it", "2|at the point"}));
}

TEST_F(BatchApplyTest, a_batch_across_the_seam_is_split) {
  begin();
  const auto t = items();
  begin_copying(t);
  apply(Changes()
            .transaction(700, 0x1000)
            .insert(t, {1, "before"})
            .transaction(701, 0x2000)
            .insert(t, {2, "at"})
            .commits());
  copy(items_oid, t, {}, 0x2000);
  swap_in(items_oid);
  EXPECT_EQ(rows("public.items"), Lines{"2|at"}) << "the copy would hold the first one";
}

TEST_F(BatchApplyTest, a_truncate_before_the_seam_is_in_the_copy_already) {
  begin();
  const auto t = items();
  begin_copying(t);
  apply(Changes().transaction(700, 0x1000).truncate({t}).commits());
  copy(items_oid, t, {{1, "a"}}, 0x2000);
  swap_in(items_oid);
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
}

TEST_F(BatchApplyTest, a_truncate_behind_the_seam_empties_the_copy) {
  begin();
  const auto t = items();
  begin_copying(t);
  apply(Changes().transaction(700, 0x2000).truncate({t}).insert(t, {9, "z"}).commits());
  copy(items_oid, t, {{1, "a"}}, 0x2000);
  swap_in(items_oid);
  EXPECT_EQ(rows("public.items"), Lines{"9|z"});
}

TEST_F(BatchApplyTest, changes_that_waited_are_applied_once) {
  begin();
  const auto t = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  begin_copying(t);
  apply(Changes().transaction(700, 0x2000).insert(t, {1, "a"}).commits());
  copy(items_oid, t, {}, 0x1000);
  swap_in(items_oid);
  output(items_oid).copied = Lsn{0x1000};  // again, as a resync would
  output(items_oid).copied_columns = t;
  const auto again = contract::begin_copy(destination(), record(items_oid), t);
  again->finish();
  swap_in(items_oid);
  EXPECT_EQ(rows("public.items"), Lines{}) << "nothing of them was left behind";
}

// ---- schema changes ----

TableSchemaRef with_price(const char* name = "price") {
  return contract::table("items",
                         {{"id", contract::int4, contract::key}, {"note", contract::text}, {name, contract::int4}});
}

TEST_F(BatchApplyTest, a_new_column_asks_for_a_copy_behind_what_came_before) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  apply(Changes().transaction(700, 0x1000).insert(t, {2, "b"}).insert(with_price(), {3, "c", 7}).commits());
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_EQ(record(items_oid).reason, "column \"price\" was added in the source");
  EXPECT_EQ(rows("public.items"), (Lines{"1|a", "2|b"}));
  EXPECT_EQ(stored("items")->state, OutputState::pending);
}

TEST_F(BatchApplyTest, another_type_asks_for_a_copy) {
  begin();
  stream(items());
  const auto wider = contract::table("items", {{"id", contract::int8, contract::key}, {"note", contract::text}});
  apply(Changes().transaction(700, 0x1000).insert(wider, {1, "a"}).commits());
  EXPECT_EQ(record(items_oid).reason, "column \"id\" has another type in the source");
}

TEST_F(BatchApplyTest, a_dropped_column_becomes_null) {
  begin();
  stream(with_price(), {{1, "a", 5}});
  const auto narrow = items();
  apply(Changes().transaction(700, 0x1000).insert(narrow, {2, "b"}).commits());
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(*record(items_oid).columns, *narrow);
  EXPECT_EQ(rows("public.items", "id, note, price"), (Lines{"1|a|5", "2|b|-"}));
}

TEST_F(BatchApplyTest, a_table_with_changes_alone_takes_a_new_column) {
  begin({.snapshot = false});
  const auto t = items();
  stream(t, {{1, "a"}});
  const auto batch = Changes().transaction(700, 0x1000).insert(with_price(), {2, "b", 7}).commits();
  TargetNeeds needs;
  needs.add(batch.operations);
  const auto columns = needs.new_columns(sync());
  ASSERT_EQ(columns.size(), 1U);
  contract::alter(destination(), record(items_oid), {.columns = columns.at(record(items_oid).id)->columns});
  apply(batch);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(rows("public.items", "id, note, price"), (Lines{"1|a|-", "2|b|7"}));
}

// ---- errors ----

TEST_F(BatchApplyTest, a_table_with_an_error_is_suspended_and_the_others_go_on) {
  begin();
  const auto t = items();
  const auto other = items(others_oid, "others");
  stream(t, {{1, "a"}});
  stream(other);
  auto batch = Changes().transaction(700, 0x1000).insert(t, {2, "b"}).insert(other, {1, "x"}).commits();
  batch.errors.push_back({.oid = items_oid, .reason = "column \"note\" is not UTF-8", .commit_lsn = Lsn{0x1000}});
  apply(batch);
  EXPECT_EQ(state_of(items_oid), OutputState::suspended);
  EXPECT_EQ(stored("items")->reason, "column \"note\" is not UTF-8");
  EXPECT_EQ(output(items_oid).suspended_at, Lsn{0x1000});
  EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  EXPECT_EQ(rows("public.others"), Lines{"1|x"});
}

TEST_F(BatchApplyTest, an_error_that_a_copy_fixes_asks_for_one) {
  begin();
  stream(items());
  auto batch = Changes().transaction(700, 0x1000).insert(items(), {2, "b"}).commits();
  batch.errors.push_back({.oid = items_oid, .reason = "a composite type was altered", .fixed_by_copy = true});
  apply(batch);
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_EQ(record(items_oid).reason, "a composite type was altered");
}

TEST_F(BatchApplyTest, a_label_is_an_error_only_if_the_catalog_lacks_it) {
  begin();
  stream(items());
  sync().find(items_oid)->source.fingerprint =
      R"({"publication": "p", "reach": "n", "via_root": false, "schema": [1, 2], "file": 3, "written": [4, 0],)"
      R"("identity": "d5", "columns": null, "members": null, "composites": null,)"
      R"("enums": {"20001": {"7": "calm", "8": "found"}}})";
  const auto seen = [this](std::uint32_t type, const std::string& label, std::int32_t id) {
    auto batch = Changes().transaction(700 + id, 0x1000 * id).insert(items(), {id, "b"}).commits();
    batch.errors.push_back({.oid = items_oid,
                            .reason = "the label has another name now",
                            .fixed_by_copy = true,
                            .label = EnumLabel{.type = type, .label = label}});
    apply(batch);
  };
  seen(20001, "found", 1);
  seen(20002, "lost", 2);  // the table has no such type any more
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  seen(20001, "lost", 3);
  EXPECT_EQ(state_of(items_oid), OutputState::pending);
  EXPECT_EQ(record(items_oid).reason, "the label has another name now");
}

TEST_F(BatchApplyTest, an_error_of_a_table_that_is_no_longer_published_does_not_bring_it_back) {
  begin();
  stream(items(), {{1, "a"}});
  for (const bool fixed_by_copy : {false, true}) {
    output(items_oid).record.state = OutputState::removed;
    auto batch = Changes().transaction(700, 0x1000).insert(items(), {2, "b"}).commits();
    batch.errors.push_back({.oid = items_oid,
                            .reason = "column \"note\" is not UTF-8",
                            .fixed_by_copy = fixed_by_copy,
                            .commit_lsn = Lsn{0x1000}});
    apply(batch);
    EXPECT_EQ(state_of(items_oid), OutputState::removed) << "fixed_by_copy: " << fixed_by_copy;
    EXPECT_EQ(rows("public.items"), Lines{"1|a"});
  }
}

TEST_F(BatchApplyTest, an_identity_that_was_altered_before_the_copys_point_does_not_concern_it) {
  begin();
  begin_copying(items());
  copy(items_oid, items(), {}, 0x2000);
  auto batch = Changes().transaction(700, 0x1000).insert(items(), {2, "b"}).commits();
  batch.errors.push_back({.oid = items_oid,
                          .reason = "a leaf's identity was altered",
                          .fixed_by_copy = true,
                          .copy_must_be_newer = true,
                          .commit_lsn = Lsn{0x1000}});
  apply(batch);
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
  EXPECT_EQ(output(items_oid).altered_at, Lsn{0x1000});
}

TEST_F(BatchApplyTest, a_value_that_the_target_cannot_take_fails_its_table) {
  begin();
  const auto t = items();
  stream(t);
  try {
    apply(Changes().transaction(700, 0x1000).insert(t, {1, "\xE9t\xE9"}).commits());
    FAIL() << "it was taken";
  } catch (const OutputFailed& failed) {
    EXPECT_EQ(failed.output(), record(items_oid).id);
    EXPECT_FALSE(failed.of_target());
  }
  EXPECT_EQ(rows("public.items"), Lines{});
}

TEST_F(BatchApplyTest, a_target_with_a_constraint_of_somebody_else_fails_its_table) {
  begin();
  const auto t = items();
  stream(t);
  close();
  contract::run_in_duckdb(file(), {"ALTER TABLE public.items ALTER COLUMN note SET NOT NULL"});
  begin();
  see(published({in_catalog(t)}));
  try {
    apply(Changes().transaction(700, 0x1000).insert(t, {1, Null{}}).commits());
    FAIL() << "it was taken";
  } catch (const OutputFailed& failed) {
    EXPECT_EQ(failed.output(), record(items_oid).id);
    EXPECT_TRUE(failed.of_target());
  }
}

TEST_F(BatchApplyTest, overflow_columns_are_named_before_the_load) {
  begin();
  const auto money = contract::table("money", {{"id", contract::int4, contract::key}, {"a", contract::numeric}});
  stream(money);
  const auto batch = Changes().transaction(700, 0x1000).insert(money, {1, contract::OverflowText{"NaN"}}).commits();
  TargetNeeds needs;
  needs.add(batch.operations);
  const auto found = needs.overflow_columns(sync());
  ASSERT_TRUE(found.contains(items_oid));
  EXPECT_EQ(found.at(items_oid), std::set<std::string>{"a"});
  contract::alter(destination(), record(items_oid), {.overflow = {"a"}});
  apply(batch);
  EXPECT_EQ(rows("public.money", "id, a, a__v_text"), Lines{"1|-|NaN"});
}

TEST_F(BatchApplyTest, counts_tell_what_was_applied) {
  begin();
  const auto t = items();
  stream(t, {{1, "a"}});
  const auto load = destination().begin({});
  TableChanges changes(sync());
  BatchApply applied(*load, spool(), sync(), changes, 9);
  applied.apply(Changes()
                    .transaction(700, 0x1000)
                    .insert(t, {2, "b"})
                    .update(t, {1, "a2"})
                    .transaction(701, 0x1100)
                    .remove(t, {2, Null{}})
                    .truncate({t})
                    .commits());
  EXPECT_EQ(applied.counts().transactions, 2U);
  EXPECT_EQ(applied.counts().inserts, 1U);
  EXPECT_EQ(applied.counts().updates, 1U);
  EXPECT_EQ(applied.counts().deletes, 1U);
  EXPECT_EQ(applied.counts().truncates, 1U);
  EXPECT_EQ(applied.output_counts().at(record(items_oid).id).inserts, 1U);
}

}  // namespace
}  // namespace walbrook::replication
