// What a merge does to a table: with a key, and without one.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

const auto numbered = table("orders", {{"id", int4, key}, {"n", int4}, {"note", text}});

class MergeTest : public ContractTest {
 protected:
  [[nodiscard]] Strings rows() { return ask("SELECT id, n, note FROM public.orders ORDER BY id"); }
};

TEST_P(MergeTest, inserts_updates_and_deletes_by_key) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}, {2, 20, "b"}, {3, 30, "c"}});
  const auto counts = merge(table, Effect(numbered)
                                       .insert({4, 40, "d"})
                                       .replace({2, 21, Null{}})
                                       .remove({3, Null{}, Null{}})
                                       .replace({9, 90, "new"}));
  EXPECT_EQ(rows(), (Strings{"1|10|a", "2|21|-", "4|40|d", "9|90|new"}));
  EXPECT_EQ(counts.removed, 2U);
  EXPECT_EQ(counts.written, 3U);
  EXPECT_EQ(merge(table, Effect(numbered).insert({5, 50, "e"})).written, 1U);
}

TEST_P(MergeTest, a_changed_key_moves_the_row) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}, {2, 20, "b"}});
  merge(table, Effect(numbered).remove({1, Null{}, Null{}}).insert({7, 10, "a"}));
  EXPECT_EQ(rows(), (Strings{"2|20|b", "7|10|a"}));
}

TEST_P(MergeTest, patches_keep_what_was_not_sent) {
  open();
  const auto table = create(numbered, {{1, 10, "long"}, {2, 20, Null{}}, {3, 30, "other"}});
  merge(table, Effect(numbered)
                   .remove({1, Null{}, Null{}})
                   .remove({2, Null{}, Null{}})
                   .remove({3, Null{}, Null{}})
                   .patch({1, 11, Unchanged{}}, {1, Null{}, Null{}})
                   .patch({2, Unchanged{}, "set"}, {2, Null{}, Null{}})
                   .patch({3, Unchanged{}, Unchanged{}}, {3, Null{}, Null{}}));
  EXPECT_EQ(rows(), (Strings{"1|11|long", "2|20|set", "3|30|other"}));
}

TEST_P(MergeTest, patches_swap_and_chain_keys) {
  open();
  const auto table = create(numbered, {{1, 10, "one"}, {2, 20, "two"}, {3, 30, "three"}});
  // 1 and 2 change places, 3 becomes 4; no text was sent.
  merge(table, Effect(numbered)
                   .remove({1, Null{}, Null{}})
                   .remove({2, Null{}, Null{}})
                   .remove({3, Null{}, Null{}})
                   .patch({2, 11, Unchanged{}}, {1, Null{}, Null{}})
                   .patch({1, 21, Unchanged{}}, {2, Null{}, Null{}})
                   .patch({4, 31, Unchanged{}}, {3, Null{}, Null{}}));
  EXPECT_EQ(rows(), (Strings{"1|21|two", "2|11|one", "4|31|three"}));
}

TEST_P(MergeTest, a_key_cell_that_was_not_sent_comes_from_the_row) {
  open();
  const auto schema = walbrook::contract::table("big", {{"k", text, key}, {"n", int4}});
  const auto table = create(schema, {{"long key", 1}});
  merge(table, Effect(schema).remove({"long key", Null{}}).patch({Unchanged{}, 2}, {"long key", Null{}}));
  EXPECT_EQ(ask("SELECT k, n FROM public.big"), Strings{"long key|2"});
}

TEST_P(MergeTest, p4_a_patch_without_its_row_is_loud) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}});
  const auto error = error_of([&] {
    merge(table, Effect(numbered).remove({2, Null{}, Null{}}).patch({2, 21, Unchanged{}}, {2, Null{}, Null{}}));
  });
  EXPECT_TRUE(error.starts_with("data: table public.orders: ")) << error;
  EXPECT_EQ(rows(), Strings{"1|10|a"});
}

TEST_P(MergeTest, several_merges_of_one_table_in_one_load) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}});
  load(0x5000, [&](Transaction& load) {
    apply(load, table, Effect(numbered).insert({2, 20, "b"}).insert({3, 30, "c"}));
    apply(load, table, Effect(numbered).replace({2, 21, "b2"}).remove({1, Null{}, Null{}}));
    apply(load, table,
          Effect(numbered)
              .remove({3, Null{}, Null{}})
              .remove({2, Null{}, Null{}})
              .patch({2, 22, Unchanged{}}, {2, Null{}, Null{}}));
    apply(load, table, Effect(numbered).insert({1, 1, "again"}));
  });
  EXPECT_EQ(rows(), (Strings{"1|1|again", "2|22|b2"}));
}

TEST_P(MergeTest, composite_keys_match_as_a_whole) {
  open();
  const auto schema = walbrook::contract::table("pair", {{"a", int4, key}, {"v", text}, {"b", text, key}});
  const auto table = create(schema, {{1, "1x", "x"}, {1, "1y", "y"}, {2, "2x", "x"}});
  merge(table, Effect(schema).remove({1, Null{}, "y"}).replace({2, "new", "x"}).remove({2, Null{}, "y"}));
  EXPECT_EQ(ask("SELECT a, b, v FROM public.pair ORDER BY a, b"), (Strings{"1|x|1x", "2|x|new"}));
}

TEST_P(MergeTest, many_rows_and_many_keys) {
  open();
  constexpr int count = 300'000;
  RowBatch batch(numbered);
  for (int i = 0; i < count; ++i)
    append(batch, Op::insert, {i, i, i % 3 == 0 ? Cell{Null{}} : Cell{"text of row " + std::to_string(i)}});
  const auto table = record(numbered);
  const auto copy = begin_copy(destination(), table, numbered);
  copy->append(0, batch);
  copy->finish();
  load(0x2000, [&](Transaction& load) { load.swap_in(table); });
  Effect effect(numbered);
  for (int i = 0; i < count; i += 2) {
    if (i % 10 == 0) {
      effect.remove({i, Null{}, Null{}});
    } else {
      effect.replace({i, -i, "changed " + std::to_string(i)});
    }
  }
  const auto counts = merge(table, effect);
  EXPECT_EQ(counts.removed, count / 2U);
  EXPECT_EQ(ask("SELECT count(*), count(DISTINCT id), count(*) FILTER (n = -id AND note = 'changed ' || id), count(*) "
                "FILTER (n = id AND "
                "note IS NOT DISTINCT FROM CASE WHEN id % 3 <> 0 THEN 'text of row ' || id END) FROM public.orders "
                "WHERE id > 0"),
            (Strings{"270000|270000|120000|150000"}));
}

// Without a key -------------------------------------------------------------------------------------------------------

TEST_P(MergeTest, without_key_exactly_as_many_equal_rows_go) {
  open();
  const auto schema = walbrook::contract::table("log", {{"a", int4}, {"b", text}});
  const auto table =
      create(schema, {{1, "x"}, {1, "x"}, {1, "x"}, {1, Null{}}, {1, Null{}}, {Null{}, Null{}}, {2, "x"}});
  EXPECT_EQ(merge(table, Effect(schema).remove({1, "x"}, 1)).removed, 1U);
  EXPECT_EQ(merge(table, Effect(schema).remove({1, Null{}}, 1).remove({Null{}, Null{}}, 1).insert({3, "y"})).removed,
            2U);
  EXPECT_EQ(ask("SELECT a, b, count(*) FROM public.log GROUP BY ALL ORDER BY ALL"),
            (Strings{"1|x|2", "1|-|1", "2|x|1", "3|y|1"}));
  EXPECT_EQ(merge(table, Effect(schema).remove({1, "x"}, 5)).removed, 2U) << "there are no more";
  EXPECT_EQ(merge(table, Effect(schema).remove({9, "x"}, 1)).removed, 0U);
}

TEST_P(MergeTest, without_key_rows_of_the_same_load_can_go) {
  open();
  const auto schema = walbrook::contract::table("log", {{"a", int4}});
  const auto table = create(schema, {{1}});
  load(0x5000, [&](Transaction& load) {
    apply(load, table, Effect(schema).insert({1}).insert({1}).insert({2}));
    apply(load, table, Effect(schema).remove({1}, 2).remove({2}, 1));
  });
  EXPECT_EQ(ask("SELECT a FROM public.log"), Strings{"1"});
}

TEST_P(MergeTest, without_key_equality_is_that_of_the_source) {
  open();
  const auto schema = walbrook::contract::table(
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
  const auto left = [&] { return ask("SELECT f, g, i, z FROM public.odd ORDER BY ALL").size(); };
  for (const auto& row : std::vector<std::vector<Cell>>{{-0.0, 0.0, month, noon},
                                                        {0.0, -0.0, month, noon},
                                                        {0.0, 0.0, thirty_days, noon},
                                                        {0.0, 0.0, month, same_instant}}) {
    EXPECT_EQ(merge(table, Effect(schema).remove(row, 2)).removed, 1U) << "only the very same row goes";
  }
  EXPECT_EQ(merge(table, Effect(schema).remove({nan, -nan, Null{}, Null{}}, 2)).removed, 2U);
  EXPECT_EQ(left(), 1U);
  EXPECT_EQ(ask("SELECT f, g, i FROM public.odd"), Strings{"0.0|0.0|1 month"});
}

TEST_P(MergeTest, without_key_a_column_called_rowid) {
  open();
  const auto schema =
      walbrook::contract::table("hidden", {{"RowId", int4}, {"k", int4}, {"n", text}, {"c0", text}, {"wanted", int4}});
  const auto table =
      create(schema, {{1, 1, "x", "y", 1}, {1, 1, "x", "y", 1}, {1, 1, "x", "y", 1}, {2, 2, Null{}, "y", 2}});
  EXPECT_EQ(merge(table, Effect(schema).remove({1, 1, "x", "y", 1}, 2).remove({2, 2, Null{}, "y", 2}, 1)).removed, 3U);
  EXPECT_EQ(ask("SELECT * FROM public.hidden"), Strings{"1|1|x|y|1"});
}

TEST_P(MergeTest, a_table_without_columns_counts_its_rows) {
  open();
  const auto schema = walbrook::contract::table("nothing", {});
  const auto table = create(schema, {{}, {}, {}});
  EXPECT_EQ(ask("SELECT count(*) FROM public.nothing"), Strings{"3"});
  merge(table, Effect(schema).insert({}).insert({}));
  EXPECT_EQ(ask("SELECT count(*) FROM public.nothing"), Strings{"5"});
  EXPECT_EQ(merge(table, Effect(schema).remove({}, 4)).removed, 4U);
  EXPECT_EQ(ask("SELECT count(*) FROM public.nothing"), Strings{"1"});
}

// Variants ------------------------------------------------------------------------------------------------------------

TEST_P(MergeTest, variants_stand_beside_their_column) {
  open();
  const auto schema = walbrook::contract::table("money", {{"id", int4, key}, {"amount", numeric}});
  const auto table = create(schema, {{1, 5'000'000'000}});
  alter(destination(), table, {.overflow = {"amount"}});
  alter(destination(), table, {.overflow = {"amount"}});  // once more does no harm
  EXPECT_EQ(merge(table, Effect(schema).insert({2, VariantText{"NaN"}}).insert({3, 7'000'000'000})).variants, 1U);
  EXPECT_EQ(ask("SELECT id, amount, amount__v_text FROM public.money ORDER BY id"),
            (Strings{"1|5.000000000|-", "2|-|NaN", "3|7.000000000|-"}));
  merge(table, Effect(schema).replace({2, 1'000'000'000}).replace({1, VariantText{"1e40"}}));
  EXPECT_EQ(ask("SELECT id, amount, amount__v_text FROM public.money ORDER BY id"),
            (Strings{"1|-|1e40", "2|1.000000000|-", "3|7.000000000|-"}));
  // A patch takes the variant along.
  merge(table, Effect(schema).remove({1, Null{}}).patch({8, Unchanged{}}, {1, Null{}}));
  EXPECT_EQ(ask("SELECT id, amount, amount__v_text FROM public.money WHERE id = 8"), Strings{"8|-|1e40"});
}

TEST_P(MergeTest, a_key_that_is_a_variant_is_found_again) {
  open();
  const auto schema = walbrook::contract::table("wild", {{"k", numeric, key}, {"v", text}});
  const auto table =
      create(schema, {{VariantText{"NaN"}, "nan"}, {VariantText{"1e50"}, "huge"}, {1'000'000'000, "one"}});
  alter(destination(), table, {.overflow = {"k"}});
  merge(table, Effect(schema)
                   .replace({VariantText{"NaN"}, "nan2"})
                   .replace({1'000'000'000, "one2"})
                   .insert({VariantText{"2e50"}, "new"}));
  EXPECT_EQ(ask("SELECT k, k__v_text, v FROM public.wild ORDER BY v"),
            (Strings{"-|1e50|huge", "-|NaN|nan2", "-|2e50|new", "1.000000000|-|one2"}));
  merge(table, Effect(schema).remove({VariantText{"1e50"}, Null{}}).remove({VariantText{"none"}, Null{}}));
  merge(table, Effect(schema)
                   .remove({VariantText{"2e50"}, Null{}})
                   .patch({VariantText{"3e50"}, Unchanged{}}, {VariantText{"2e50"}, Null{}}));
  EXPECT_EQ(ask("SELECT k__v_text, v FROM public.wild ORDER BY v"), (Strings{"NaN|nan2", "3e50|new", "-|one2"}));
}

TEST_P(MergeTest, a_variant_key_where_the_table_never_had_one_matches_nothing) {
  open();
  const auto schema = walbrook::contract::table("tame", {{"k", numeric, key}});
  const auto table = create(schema, {{1'000'000'000}});
  EXPECT_EQ(merge(table, Effect(schema).remove({VariantText{"NaN"}}).remove({1'000'000'000})).removed, 1U);
  EXPECT_TRUE(ask("SELECT * FROM public.tame").empty());
}

TEST_P(MergeTest, without_key_variants_belong_to_the_content) {
  open();
  const auto schema = walbrook::contract::table("heap", {{"amount", numeric}});
  const auto table = create(schema, {{VariantText{"NaN"}}, {VariantText{"NaN"}}, {VariantText{"1e50"}}, {Null{}}});
  alter(destination(), table, {.overflow = {"amount"}});
  EXPECT_EQ(merge(table, Effect(schema).remove({VariantText{"NaN"}}, 1).remove({Null{}}, 1)).removed, 2U);
  EXPECT_EQ(ask("SELECT amount__v_text FROM public.heap ORDER BY 1"), (Strings{"1e50", "NaN"}));
}

TEST_P(MergeTest, p4_a_variant_without_its_column_is_refused) {
  open();
  const auto schema = walbrook::contract::table("money", {{"id", int4, key}, {"amount", numeric}});
  const auto table = create(schema);
  EXPECT_NE(error_of([&] {
              merge(table, Effect(schema).insert({2, VariantText{"NaN"}}));
            }).find("has no overflow column yet"),
            std::string::npos);
}

// Names ---------------------------------------------------------------------------------------------------------------

TEST_P(MergeTest, dropped_columns_become_null) {
  open();
  const auto table = create(numbered, {{1, 10, "a"}, {2, 20, "b"}});
  const auto fewer = walbrook::contract::table("orders", {{"id", int4, key}, {"note", text}});
  merge(table,
        Effect(fewer).replace({1, "a2"}).insert({3, "c"}).remove({2, Null{}}).patch({2, Unchanged{}}, {2, Null{}}));
  EXPECT_EQ(rows(), (Strings{"1|-|a2", "2|-|b", "3|-|c"}));
}

TEST_P(MergeTest, without_key_dropped_columns_are_not_compared) {
  open();
  const auto schema = walbrook::contract::table("log", {{"a", int4}, {"gone", text}, {"b", int4}});
  const auto table = create(schema, {{1, "x", 2}, {1, "y", 2}, {1, "z", 3}});
  const auto fewer = walbrook::contract::table("log", {{"b", int4}, {"a", int4}});
  EXPECT_EQ(merge(table, Effect(fewer).remove({2, 1}, 2)).removed, 2U);
  EXPECT_EQ(ask("SELECT a, gone, b FROM public.log"), Strings{"1|z|3"});
}

TEST_P(MergeTest, names_are_kept_whatever_they_are) {
  open();
  const std::string longest(63, 'n');
  const auto schema =
      walbrook::contract::table("select \"from\" a.b; drop \xF0\x9F\x98\x80", {{"id \"x\"", int4, key},
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
  EXPECT_EQ(ask("SELECT \"id \"\"x\"\"\", \"select\", \"a.b\", \"'; --\", " + longest +
                ", \"\xF0\x9F\x98\x80\", s, t, k0 FROM public.\"select \"\"from\"\" a.b; drop \xF0\x9F\x98\x80\""),
            Strings{"1|21|31|41|51|61|s2|t3|71"});
}

TEST_P(MergeTest, columns_that_differ_by_case_keep_apart) {
  open();
  const auto schema =
      walbrook::contract::table("twins", {{"Id", int4, key}, {"id", int4}, {"ID", int4}, {"id_2", int4}});
  const auto table = create(schema, {{1, 2, 3, 4}});
  merge(table, Effect(schema).replace({1, 20, 30, 40}));
  EXPECT_EQ(ask("SELECT \"Id\", id_3, \"ID_4\", id_2 FROM public.twins"), Strings{"1|20|30|40"});
  open();
  // "Id" is dropped in the source, "ID" now the key: the names stay where they were.
  const auto fewer = walbrook::contract::table("twins", {{"id", int4}, {"ID", int4, key}, {"id_2", int4}});
  merge(table, Effect(fewer).replace({21, 30, 41}));
  EXPECT_EQ(ask("SELECT \"Id\", id_3, \"ID_4\", id_2 FROM public.twins"), Strings{"-|21|30|41"});
}

TEST_P(MergeTest, a_variant_column_gives_way_to_a_source_column_of_its_name) {
  open();
  const auto schema = walbrook::contract::table("clash", {{"id", int4, key}, {"a", numeric}, {"a__v_text", text}});
  const auto table = create(schema, {{1, VariantText{"NaN"}, "own"}});
  EXPECT_EQ(ask("SELECT a, a__v_text, a__v_text_ FROM public.clash"), Strings{"-|own|NaN"});
  open();
  const auto fewer = walbrook::contract::table("clash", {{"id", int4, key}, {"a", numeric}});
  merge(table, Effect(fewer).insert({2, VariantText{"1e50"}}));
  EXPECT_EQ(ask("SELECT a, a__v_text, a__v_text_ FROM public.clash WHERE id = 2"), Strings{"-|-|1e50"});
}

INSTANTIATE_TEST_SUITE_P(Contract, MergeTest, testing::ValuesIn(kinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
