// Tables whose columns are altered while they are copied: the copy gets the new ones before it is swapped in.
#include "base/error.h"
#include "destination/memory/memory_store.h"
#include "test/unit/replication/loader_case.h"

namespace walbrook::replication {
namespace {

using destination::memory::MemoryStore;
using destination::memory::Step;

TableSchemaRef with_columns(const std::string& first, const std::string& second) {
  return contract::table(
      "items", {{"id", contract::int4, contract::key}, {first, contract::text}, {second, contract::text}}, items_oid);
}

class AlteredCopiesTest : public LoaderCase {
 protected:
  void order_copy(const TableSchemaRef& columns) {
    begin();
    load_with({.follow = true});
    catalog_shows({in_catalog(columns)});
    step();
    ASSERT_EQ(orders_.orders_, 1);
  }
  void expect_copied_once() {
    EXPECT_EQ(state_of(items_oid), OutputState::streaming) << record(items_oid).reason;
    EXPECT_EQ(orders_.orders_, 1);
  }

  const TableSchemaRef noted_ = items();
  const TableSchemaRef renamed_ =
      contract::table("items", {{"id", contract::int4, contract::key}, {"remark", contract::text}}, items_oid);
  const TableSchemaRef priced_ = contract::table(
      "items", {{"id", contract::int4, contract::key}, {"note", contract::text}, {"price", contract::int4}}, items_oid);
};

TEST_F(AlteredCopiesTest, follow_a_name) {
  order_copy(noted_);
  load(Changes().transaction(700, 0x2000).insert(noted_, {2, "b"}).commits());
  catalog_shows({in_catalog(renamed_)}, 0x2100);
  load(Changes().transaction(701, 0x2200).insert(renamed_, {3, "c"}).commits());
  copied(noted_, {{1, "a"}}, 0x1800);
  step();
  expect_copied_once();
  EXPECT_EQ(rows("public.items", "id, remark"), (Lines{"1|a", "2|b", "3|c"}));
}

TEST_F(AlteredCopiesTest, get_a_column) {
  order_copy(noted_);
  catalog_shows({in_catalog(priced_)}, 0x2100);
  load(Changes().transaction(701, 0x2200).insert(priced_, {3, "c", 5}).commits());
  copied(noted_, {{1, "a"}}, 0x1800);
  step();
  expect_copied_once();
  EXPECT_EQ(rows("public.items", "id, note, price"), (Lines{"1|a|-", "3|c|5"}));
}

TEST_F(AlteredCopiesTest, follow_what_no_row_has_brought) {
  order_copy(noted_);
  catalog_shows({in_catalog(renamed_)}, 0x2100);
  copied(noted_, {{1, "a"}}, 0x1800);
  queue_.set_idle_position(Lsn{0x2100});
  step();
  expect_copied_once();
  EXPECT_EQ(rows("public.items", "id, remark"), Lines{"1|a"});
}

TEST_F(AlteredCopiesTest, pass_over_columns_of_changes_that_they_hold) {
  order_copy(renamed_);
  load(Changes().transaction(700, 0x1200).insert(noted_, {1, "a"}).commits());
  load(Changes().transaction(701, 0x2000).insert(renamed_, {2, "b"}).commits());
  copied(renamed_, {{1, "a"}}, 0x1800);
  step();
  expect_copied_once();
  EXPECT_EQ(rows("public.items", "id, remark"), (Lines{"1|a", "2|b"}));
}

// The copy has the new column and its values; so has the catalog that was read since.
TEST_F(AlteredCopiesTest, may_have_columns_that_the_order_did_not_know) {
  order_copy(noted_);
  catalog_shows({in_catalog(priced_)}, 0x1700);
  load(Changes().transaction(700, 0x2000).insert(priced_, {2, "b", 6}).commits());
  copied(priced_, {{1, "a", 5}}, 0x1800);
  step();
  expect_copied_once();
  EXPECT_EQ(rows("public.items", "id, note, price"), (Lines{"1|a|5", "2|b|6"}));
}

// The later reading has a column that the copy lacks: nothing would fill it.
TEST_F(AlteredCopiesTest, are_not_taken_for_what_the_catalog_shows_later) {
  const auto later = contract::table("items",
                                     {{"id", contract::int4, contract::key},
                                      {"note", contract::text},
                                      {"price", contract::int4},
                                      {"late", contract::text}},
                                     items_oid);
  order_copy(noted_);
  catalog_shows({in_catalog(later)}, 0x2100);
  copied(priced_, {{1, "a", 5}}, 0x1800);
  queue_.set_idle_position(Lsn{0x2100});
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
  EXPECT_EQ(orders_.orders_, 2);
}

// Without a reading that knows the copy's column, it could be taken for one that was dropped.
TEST_F(AlteredCopiesTest, are_made_again_if_no_reading_knows_their_columns) {
  order_copy(noted_);
  copied(priced_, {{1, "a", 5}}, 0x1800);
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
  EXPECT_EQ(orders_.orders_, 2);
}

TEST_F(AlteredCopiesTest, are_altered_once_though_the_load_that_swaps_them_in_fails) {
  const auto before = with_columns("a", "b");
  const auto after = with_columns("b", "a");
  order_copy(before);
  load(Changes().transaction(700, 0x2000).insert(before, {2, "a2", "b2"}).commits());
  catalog_shows({in_catalog(after)}, 0x2100);
  load(Changes().transaction(701, 0x2200).insert(after, {3, "b3", "a3"}).commits());
  copied(before, {{1, "a1", "b1"}}, 0x1800);
  fault::fail_at("before_swap_in", 2);
  step();
  expect_copied_once();
  EXPECT_EQ(rows("public.items", "id, b, a"), (Lines{"1|a1|b1", "2|a2|b2", "3|b3|a3"}));
}

// The alteration of a copy that never became visible is none of the next copy.
TEST_F(AlteredCopiesTest, are_altered_by_what_waits_for_them_alone) {
  order_copy(noted_);
  catalog_shows({in_catalog(renamed_)}, 0x2100);
  load(Changes().transaction(701, 0x2200).insert(renamed_, {3, "c"}).commits());
  copied(noted_, {{1, "a"}}, 0x1800);
  fault::fail_at("before_swap_in", 1);
  step_once();
  inbox_.push_back(TableRequest{.tables = {{.schema = "public", .name = "items"}},
                                .answer = std::make_shared<TableRequest::Answer>()});
  step();
  ASSERT_EQ(orders_.orders_, 2);
  copied(renamed_, {{1, "a"}, {3, "c"}}, 0x2300);
  queue_.set_idle_position(Lsn{0x2300});
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(rows("public.items", "id, remark"), (Lines{"1|a", "3|c"}));
}

// It is not known whether the names were exchanged: exchanging them again could undo it.
TEST_F(AlteredCopiesTest, are_made_again_if_the_alteration_is_in_doubt) {
  const std::string url = "memory:alteration_in_doubt";
  const auto store = MemoryStore::named(url);
  use(url);
  const auto before = with_columns("a", "b");
  const auto after = with_columns("b", "a");
  order_copy(before);
  catalog_shows({in_catalog(after)}, 0x2100);
  load(Changes().transaction(701, 0x2200).insert(after, {3, "b3", "a3"}).commits());
  copied(before, {{1, "a1", "b1"}}, 0x1800);
  bool is_first = true;
  store->set_hook([&is_first](Step at) {
    if (at == Step::after_commit && std::exchange(is_first, false)) throw Error(ErrorKind::in_doubt, "no answer");
  });
  step();
  store->set_hook(nullptr);
  EXPECT_FALSE(is_first);
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
  EXPECT_EQ(orders_.orders_, 2);
  copied(after, {{1, "a1", "b1"}, {3, "b3", "a3"}}, 0x2300);
  queue_.set_idle_position(Lsn{0x2300});
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(*record(items_oid).columns, *after);
}

TEST_F(AlteredCopiesTest, with_rows_that_nothing_tells_apart_are_made_again) {
  order_copy(noted_);
  // Another file: rows may have been written again.
  catalog_shows({in_catalog(renamed_, {.file = 2})}, 0x2100);
  load(Changes().transaction(701, 0x2200).insert(renamed_, {3, "c"}).commits());
  EXPECT_EQ(orders_.orders_, 2);
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
}

}  // namespace
}  // namespace walbrook::replication
