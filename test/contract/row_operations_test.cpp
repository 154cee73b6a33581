// The effect of row operations on a table, with a key and without one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

const auto numbered = table("orders", {{"id", int4, key}, {"n", int4}, {"note", text}});

class RowOperationsTest : public ContractTest {};

TEST_P(RowOperationsTest, rows_are_inserted_replaced_and_removed_by_key) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}, {2, 20, "b"}, {3, 30, "c"}});
  const auto counts = merge(table, Effect(numbered)
                                       .insert({4, 40, "d"})
                                       .replace({2, 21, Null{}})
                                       .remove({3, Null{}, Null{}})
                                       .replace({9, 90, "new"}));
  EXPECT_EQ(rows(table), (Strings{"1|10|a", "2|21|-", "4|40|d", "9|90|new"}));
  EXPECT_EQ(counts.removed, 2U);
  EXPECT_EQ(counts.written, 3U);
  EXPECT_EQ(merge(table, Effect(numbered).insert({5, 50, "e"})).written, 1U);
}

TEST_P(RowOperationsTest, a_changed_key_moves_the_row) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}, {2, 20, "b"}});
  merge(table, Effect(numbered).remove({1, Null{}, Null{}}).insert({7, 10, "a"}));
  EXPECT_EQ(rows(table), (Strings{"2|20|b", "7|10|a"}));
}

TEST_P(RowOperationsTest, completed_rows_keep_what_was_not_sent) {
  open();
  const auto table = create(numbered, {{1, 10, "long"}, {2, 20, Null{}}, {3, 30, "other"}});
  merge(table, Effect(numbered)
                   .remove({1, Null{}, Null{}})
                   .remove({2, Null{}, Null{}})
                   .remove({3, Null{}, Null{}})
                   .patch({1, 11, Unchanged{}}, {1, Null{}, Null{}})
                   .patch({2, Unchanged{}, "set"}, {2, Null{}, Null{}})
                   .patch({3, Unchanged{}, Unchanged{}}, {3, Null{}, Null{}}));
  EXPECT_EQ(rows(table), (Strings{"1|11|long", "2|20|set", "3|30|other"}));
}

TEST_P(RowOperationsTest, completed_rows_swap_and_chain_keys) {
  if (!rows_change()) GTEST_SKIP() << "changes come one by one: in no stream do two rows have one key for a moment";
  open();
  const auto table = create(numbered, {{1, 10, "one"}, {2, 20, "two"}, {3, 30, "three"}});
  // 1 and 2 swap places, 3 becomes 4; no text was sent.
  merge(table, Effect(numbered)
                   .remove({1, Null{}, Null{}})
                   .remove({2, Null{}, Null{}})
                   .remove({3, Null{}, Null{}})
                   .patch({2, 11, Unchanged{}}, {1, Null{}, Null{}})
                   .patch({1, 21, Unchanged{}}, {2, Null{}, Null{}})
                   .patch({4, 31, Unchanged{}}, {3, Null{}, Null{}}));
  EXPECT_EQ(rows(table), (Strings{"1|21|two", "2|11|one", "4|31|three"}));
}

TEST_P(RowOperationsTest, a_key_cell_that_was_not_sent_comes_from_the_row) {
  open();
  const auto schema = contract::table("big", {{"k", text, key}, {"n", int4}});
  const auto table = create(schema, {{"long key", 1}});
  merge(table, Effect(schema).remove({"long key", Null{}}).patch({Unchanged{}, 2}, {"long key", Null{}}));
  EXPECT_EQ(rows(table), Strings{"long key|2"});
}

TEST_P(RowOperationsTest, p4_a_row_that_cannot_be_completed_is_loud) {
  if (!rows_change()) GTEST_SKIP() << "the row is completed when it is read (append_test.cpp)";
  open();
  const auto table = create(numbered, {{1, 10, "a"}});
  const auto error = error_of([&] {
    merge(table, Effect(numbered).remove({2, Null{}, Null{}}).patch({2, 21, Unchanged{}}, {2, Null{}, Null{}}));
  });
  EXPECT_TRUE(error.starts_with("data: table public.orders: ")) << error;
  EXPECT_EQ(rows(table), Strings{"1|10|a"});
}

TEST_P(RowOperationsTest, a_transaction_may_change_a_table_several_times) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}});
  load(0x5000, [&](Transaction& transaction) {
    const auto change = [&](const Effect& effect) { apply(transaction, table, effect); };
    change(Effect(numbered).insert({2, 20, "b"}).insert({3, 30, "c"}));
    change(Effect(numbered).replace({2, 21, "b2"}).remove({1, Null{}, Null{}}));
    change(Effect(numbered)
               .remove({3, Null{}, Null{}})
               .remove({2, Null{}, Null{}})
               .patch({2, 22, Unchanged{}}, {2, Null{}, Null{}}));
    change(Effect(numbered).insert({1, 1, "again"}));
  });
  EXPECT_EQ(rows(table), (Strings{"1|1|again", "2|22|b2"}));
}

TEST_P(RowOperationsTest, keys_of_several_columns_match_as_a_whole) {
  open();
  const auto schema = contract::table("pair", {{"a", int4, key}, {"v", text}, {"b", text, key}});
  const auto table = create(schema, {{1, "1x", "x"}, {1, "1y", "y"}, {2, "2x", "x"}});
  merge(table, Effect(schema).remove({1, Null{}, "y"}).replace({2, "new", "x"}).remove({2, Null{}, "y"}));
  EXPECT_EQ(rows(table), (Strings{"1|1x|x", "2|new|x"}));
}

TEST_P(RowOperationsTest, many_rows_and_many_keys) {
  open();
  constexpr int count = 30'000;
  Rows all;
  Effect effect(numbered);
  Strings expected;
  for (int i = 0; i < count; ++i) {
    all.push_back({i, i, i % 3 == 0 ? Cell{Null{}} : Cell{"text of row " + std::to_string(i)}});
    if (i % 10 == 0) {
      effect.remove({i, Null{}, Null{}});
    } else if (i % 2 == 0) {
      effect.replace({i, -i, "changed"});
      expected.push_back(std::to_string(i) + "|" + std::to_string(-i) + "|changed");
    } else {
      expected.push_back(std::to_string(i) + "|" + std::to_string(i) + "|" + to_text(all.back()[2]));
    }
  }
  const auto table = create(numbered, all);
  EXPECT_EQ(merge(table, effect).removed, count / 2U);
  std::ranges::sort(expected);
  EXPECT_TRUE(rows(table) == expected);
}

// ---- Without a key ----

TEST_P(RowOperationsTest, without_key_exactly_as_many_equal_rows_go) {
  open();
  const auto schema = contract::table("log", {{"a", int4}, {"b", text}});
  const auto table =
      create(schema, {{1, "x"}, {1, "x"}, {1, "x"}, {1, Null{}}, {1, Null{}}, {Null{}, Null{}}, {2, "x"}});
  EXPECT_EQ(merge(table, Effect(schema).remove({1, "x"}, 1)).removed, 1U);
  EXPECT_EQ(merge(table, Effect(schema).remove({1, Null{}}, 1).remove({Null{}, Null{}}, 1).insert({3, "y"})).removed,
            2U);
  EXPECT_EQ(rows(table), (Strings{"1|-", "1|x", "1|x", "2|x", "3|y"}));
  EXPECT_EQ(merge(table, Effect(schema).remove({1, "x"}, 5)).removed, 2U) << "there are no more";
  EXPECT_EQ(merge(table, Effect(schema).remove({9, "x"}, 1)).removed, 0U);
}

TEST_P(RowOperationsTest, without_key_rows_of_the_same_transaction_can_go) {
  open();
  const auto schema = contract::table("log", {{"a", int4}});
  const auto table = create(schema, {{1}});
  load(0x5000, [&](Transaction& transaction) {
    apply(transaction, table, Effect(schema).insert({1}).insert({1}).insert({2}));
    apply(transaction, table, Effect(schema).remove({1}, 2).remove({2}, 1));
  });
  EXPECT_EQ(rows(table), Strings{"1"});
}

TEST_P(RowOperationsTest, without_key_only_the_very_same_row_goes) {
  open();
  if (!is_held({Layout::interval})) GTEST_SKIP() << "intervals and negative zeros are text there";
  const auto schema = contract::table(
      "odd", {{"f", {Layout::float64}}, {"g", {Layout::float32}}, {"i", {Layout::interval}}, {"z", {Layout::time_tz}}});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Interval month{.months = 1, .days = 0, .microseconds = 0};
  const Interval thirty_days{.months = 0, .days = 30, .microseconds = 0};
  const TimeTz noon{.microseconds = 43'200'000'000, .offset_seconds = 0};
  const TimeTz same_instant{.microseconds = 46'800'000'000, .offset_seconds = 3600};
  const auto table = create(schema, {{0.0, 0.0, month, noon},
                                     {-0.0, 0.0, month, noon},
                                     {0.0, -0.0, month, noon},
                                     {0.0, 0.0, thirty_days, noon},
                                     {0.0, 0.0, month, same_instant},
                                     {nan, nan, Null{}, Null{}},
                                     {-nan, nan, Null{}, Null{}}});
  for (const auto& row : Rows{{-0.0, 0.0, month, noon},
                              {0.0, -0.0, month, noon},
                              {0.0, 0.0, thirty_days, noon},
                              {0.0, 0.0, month, same_instant}}) {
    EXPECT_EQ(merge(table, Effect(schema).remove(row, 2)).removed, 1U);
  }
  EXPECT_EQ(merge(table, Effect(schema).remove({nan, -nan, Null{}, Null{}}, 2)).removed, 2U) << "every NaN is one";
  EXPECT_EQ(rows(table), Strings{"0|0|1 months 0 days 0 us|43200000000 us at 0 s"});
}

TEST_P(RowOperationsTest, a_table_without_columns_has_a_number_of_rows) {
  open();
  const auto schema = contract::table("nothing", {});
  const auto table = create(schema, {{}, {}, {}});
  EXPECT_EQ(rows(table).size(), 3U);
  merge(table, Effect(schema).insert({}).insert({}));
  EXPECT_EQ(rows(table).size(), 5U);
  EXPECT_EQ(merge(table, Effect(schema).remove({}, 4)).removed, 4U);
  EXPECT_EQ(rows(table).size(), 1U);
}

// ---- Overflow columns ----

TEST_P(RowOperationsTest, p4_what_a_column_cannot_hold_is_in_its_overflow_column) {
  open();
  const auto schema = contract::table("money", {{"id", int4, key}, {"amount", numeric}});
  const auto table = create(schema, {{1, 5'000'000'000}});
  add_overflow(table, {"amount"});
  add_overflow(table, {"amount"});  // repeating it has no effect
  EXPECT_EQ(merge(table, Effect(schema).insert({2, OverflowText{"NaN"}}).insert({3, 7'000'000'000})).overflow_values,
            1U);
  EXPECT_EQ(rows(table), (Strings{"1|5000000000", "2|~NaN", "3|7000000000"}));
  merge(table, Effect(schema).replace({2, 1'000'000'000}).replace({1, OverflowText{"1e40"}}));
  EXPECT_EQ(rows(table), (Strings{"1|~1e40", "2|1000000000", "3|7000000000"}));
  merge(table, Effect(schema).remove({1, Null{}}).patch({8, Unchanged{}}, {1, Null{}}));
  EXPECT_EQ(rows(table), (Strings{"2|1000000000", "3|7000000000", "8|~1e40"})) << "a completed row takes it along";
}

TEST_P(RowOperationsTest, a_key_that_is_in_its_overflow_column_is_found_again) {
  open();
  const auto schema = contract::table("wild", {{"v", text}, {"k", numeric, key}});
  const auto table =
      create(schema, {{"nan", OverflowText{"NaN"}}, {"huge", OverflowText{"1e50"}}, {"one", 1'000'000'000}});
  add_overflow(table, {"k"});
  merge(table, Effect(schema)
                   .replace({"nan2", OverflowText{"NaN"}})
                   .replace({"one2", 1'000'000'000})
                   .insert({"new", OverflowText{"2e50"}}));
  EXPECT_EQ(rows(table), (Strings{"huge|~1e50", "nan2|~NaN", "new|~2e50", "one2|1000000000"}));
  merge(table, Effect(schema).remove({Null{}, OverflowText{"1e50"}}).remove({Null{}, OverflowText{"none"}}));
  merge(table, Effect(schema)
                   .remove({Null{}, OverflowText{"2e50"}})
                   .patch({Unchanged{}, OverflowText{"3e50"}}, {Null{}, OverflowText{"2e50"}}));
  EXPECT_EQ(rows(table), (Strings{"nan2|~NaN", "new|~3e50", "one2|1000000000"}));
}

TEST_P(RowOperationsTest, an_overflow_key_where_the_table_never_had_one_matches_nothing) {
  open();
  const auto schema = contract::table("tame", {{"k", numeric, key}});
  const auto table = create(schema, {{1'000'000'000}});
  EXPECT_EQ(merge(table, Effect(schema).remove({OverflowText{"NaN"}}).remove({1'000'000'000})).removed, 1U);
  EXPECT_TRUE(rows(table).empty());
}

TEST_P(RowOperationsTest, without_key_overflow_texts_belong_to_the_content) {
  open();
  const auto schema = contract::table("heap", {{"amount", numeric}});
  const auto table = create(schema, {{OverflowText{"NaN"}}, {OverflowText{"NaN"}}, {OverflowText{"1e50"}}, {Null{}}});
  add_overflow(table, {"amount"});
  EXPECT_EQ(merge(table, Effect(schema).remove({OverflowText{"NaN"}}, 1).remove({Null{}}, 1)).removed, 2U);
  EXPECT_EQ(rows(table), (Strings{"~1e50", "~NaN"}));
}

TEST_P(RowOperationsTest, p4_a_value_without_its_overflow_column_is_refused) {
  open();
  const auto schema = contract::table("money", {{"id", int4, key}, {"amount", numeric}});
  const auto table = create(schema);
  EXPECT_NE(error_of([&] { merge(table, Effect(schema).insert({2, OverflowText{"NaN"}})); }), "");
  EXPECT_TRUE(rows(table).empty());
}

// ---- Columns that come and go ----

TEST_P(RowOperationsTest, columns_that_were_dropped_become_null) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}, {2, 20, "b"}});
  const auto fewer = contract::table("orders", {{"id", int4, key}, {"note", text}});
  merge(table,
        Effect(fewer).replace({1, "a2"}).insert({3, "c"}).remove({2, Null{}}).patch({2, Unchanged{}}, {2, Null{}}));
  EXPECT_EQ(rows(table), (Strings{"1|-|a2", "2|-|b", "3|-|c"}));
}

TEST_P(RowOperationsTest, without_key_columns_that_were_dropped_are_not_compared) {
  open();
  const auto schema = contract::table("log", {{"a", int4}, {"gone", text}, {"b", int4}});
  const auto table = create(schema, {{1, "x", 2}, {1, "y", 2}, {1, "z", 3}});
  const auto fewer = contract::table("log", {{"b", int4}, {"a", int4}});
  EXPECT_EQ(merge(table, Effect(fewer).remove({2, 1}, 2)).removed, 2U);
  EXPECT_EQ(rows(table), Strings{"1|z|3"});
}

TEST_P(RowOperationsTest, columns_that_were_added_are_null_in_older_rows) {
  open();
  auto table = create(orders, {{1, "a"}});
  const auto more = contract::table("orders", {{"id", int4, key}, {"note", text}, {"price", int8}});
  for (int i = 0; i < 2; ++i) {  // repeating it has no effect
    load(0x4000, [&](Transaction& transaction) { transaction.alter(table, {.columns = more->columns}); });
  }
  merge(table, Effect(more).insert({2, "b", 7}));
  table.columns = more;
  EXPECT_EQ(rows(table), (Strings{"1|a|-", "2|b|7"}));
  open();
  EXPECT_EQ(rows(table), (Strings{"1|a|-", "2|b|7"}));
}

TEST_P(RowOperationsTest, columns_follow_their_source_in_place) {
  open();
  if (!rows_change()) GTEST_SKIP() << "rows do not change there";
  const PhysicalType narrow{Layout::decimal, 6, 2};
  const PhysicalType wide{Layout::decimal, 20, 3};
  const auto before = contract::table(
      "moves", {{"id", int4, key}, {"a", int4}, {"b", text}, {"c", int4}, {"d", narrow}, {"left", text}});
  auto table = create(before, {{1, 10, "x", 100, 125, "old"}, {2, Null{}, "y", 200, Null{}, "old"}});
  add_overflow(table, {"b"});
  // `left` was dropped; a, b and c exchange their names, and d gets the name of the one that was dropped.
  const auto after = contract::table(
      "moves", {{"id", int4, key}, {"b", int4}, {"c", text}, {"a", int4}, {"left", wide}, {"e", text}, {"f", int4}});
  const auto& now = after->columns;
  const auto fill = inserts(contract::table("fill", {{"e", text}}), {{"it's"}});
  const destination::Alteration alteration{.renamed = {{.from = "a", .to = now[1]},
                                                       {.from = "b", .to = now[2]},
                                                       {.from = "c", .to = now[3]},
                                                       {.from = "d", .to = now[4]}},
                                           .widened = {now[4]},
                                           .columns = {now[5], now[6]},
                                           .values = {{"e", std::make_shared<const Column>(fill.columns[0])}},
                                           .replaces_dropped = true};
  {
    const auto abandoned = begin();
    abandoned->alter(table, alteration);
  }
  EXPECT_EQ(rows(table), (Strings{"1|10|x|100|125|old", "2|-|y|200|-|old"}));
  load(0x5000, [&](Transaction& transaction) {
    transaction.alter(table, alteration);
    table.columns = after;
    Effect effect(after);
    effect.replace({2, 20, "z", 201, 123456789, "new", 8});
    const std::vector<Cell> first{1, Null{}, Null{}, Null{}, Null{}, Null{}, Null{}};
    effect.remove(first).patch({1, 11, Unchanged{}, 101, Unchanged{}, Unchanged{}, 9}, first);
    effect.insert({3, 30, Null{}, 300, 5, Null{}, Null{}});
    apply(transaction, table, effect);
    transaction.put(destination::PutOutput{table});
  });
  const Strings expected{"1|11|x|101|1250|it's|9", "2|20|z|201|123456789|new|8", "3|30|-|300|5|-|-"};
  EXPECT_EQ(rows(table), expected);
  // Values that the columns cannot hold go on beside them.
  add_overflow(table, {"c"});
  merge(table, Effect(after).replace({3, 30, "w", 300, 5, Null{}, Null{}}));
  open();
  EXPECT_EQ(rows(table), (Strings{expected[0], expected[1], "3|30|w|300|5|-|-"}));
}

TEST_P(RowOperationsTest, names_are_kept_whatever_they_are) {
  open();
  const std::string longest(63, 'n');
  const auto schema = contract::table("select \"from\" a.b; drop \xF0\x9F\x98\x80", {{"id \"x\"", int4, key},
                                                                                     {"select", int4},
                                                                                     {"a.b", int4},
                                                                                     {"'; --", int4},
                                                                                     {longest, int4},
                                                                                     {"\xF0\x9F\x98\x80", int4},
                                                                                     {"s", text},
                                                                                     {"t", text},
                                                                                     {"k0", int4}});
  const auto table = create(schema, {{1, 2, 3, 4, 5, 6, "s", "t", 7}});
  merge(table, Effect(schema).replace({1, 20, 30, 40, 50, 60, "s2", "t2", 70}));
  merge(table, Effect(schema)
                   .remove({1, Null{}, Null{}, Null{}, Null{}, Null{}, Null{}, Null{}, Null{}})
                   .patch({1, 21, 31, 41, 51, 61, Unchanged{}, "t3", 71},
                          {1, Null{}, Null{}, Null{}, Null{}, Null{}, Null{}, Null{}, Null{}}));
  EXPECT_EQ(rows(table), Strings{"1|21|31|41|51|61|s2|t3|71"});
}

TEST_P(RowOperationsTest, columns_that_differ_by_case_keep_apart) {
  open();
  const auto schema = contract::table("twins", {{"Id", int4, key}, {"id", int4}, {"ID", int4}, {"id_2", int4}});
  const auto table = create(schema, {{1, 2, 3, 4}});
  merge(table, Effect(schema).replace({1, 20, 30, 40}));
  EXPECT_EQ(rows(table), Strings{"1|20|30|40"});
  open();
  // "Id" is dropped in the source, and "ID" becomes the key: each column keeps its target column.
  const auto fewer = contract::table("twins", {{"id", int4}, {"ID", int4, key}, {"id_2", int4}});
  merge(table, Effect(fewer).replace({21, 30, 41}));
  EXPECT_EQ(rows(table), Strings{"-|21|30|41"});
}

TEST_P(RowOperationsTest, p7_a_target_that_does_not_exist_concerns_its_output_alone) {
  open();
  const auto expect_refused = [this](const OutputRecord& table) {
    const std::vector<std::function<void(Transaction&)>> operations = {
        [&](Transaction& load) {
          apply(load, table, Effect(numbered).insert({1, 10, "a"}));
        },
        [&](Transaction& load) {
          apply(load, table, Effect(numbered).remove({1, Null{}, Null{}}));
        },
        [&](Transaction& load) {
          apply(load, table, Effect(numbered).patch({1, 11, Unchanged{}}, {1, Null{}, Null{}}));
        },
        [&](Transaction& load) { load.truncate(table); },
        [&](Transaction& load) { load.alter(table, {.overflow = {"n"}}); },
    };
    for (const auto& operation : operations) {
      const auto transaction = begin();
      EXPECT_THROW(operation(*transaction), destination::TargetRefused) << &operation - operations.data();
    }
  };
  expect_refused(record(numbered));  // it was never created
  const auto dropped = create(numbered, {{1, 10, "a"}});
  drop_behind_its_back(dropped);
  expect_refused(dropped);
}

INSTANTIATE_TEST_SUITE_P(Contract, RowOperationsTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
