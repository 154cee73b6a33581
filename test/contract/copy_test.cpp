// Copies: invisible until promoted, worthless until finished, replaced in one transaction.
#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

class CopyTest : public ContractTest {};

TEST_P(CopyTest, a_copy_is_invisible_until_it_is_promoted) {
  open();
  const auto table = record(orders);
  const auto copy = begin_copy(destination(), table, orders);
  copy->append(0, inserts(orders, {{1, "a"}}));
  copy->finish();
  EXPECT_NE(error_of([&] { (void)ask("SELECT * FROM public.orders"); }), "");
  load(0x2000, [&](Transaction& load) { load.swap_in(table); });
  EXPECT_EQ(ask("SELECT id, note FROM public.orders"), Strings{"1|a"});
}

TEST_P(CopyTest, a_new_copy_takes_the_place_of_the_old_one_at_once) {
  open();
  const auto table = create(orders, {{1, "old"}});
  const auto reader = destination::query_engine_of(destination()).open_session();
  const auto copy = begin_copy(destination(), table, orders);
  copy->append(0, inserts(orders, {{2, "new"}, {3, "new"}}));
  merge(table, Effect(orders).insert({4, "old"}));
  copy->finish();
  EXPECT_EQ(ask("SELECT count(*) FROM public.orders WHERE note = 'old'"), Strings{"2"});
  load(0x2000, [&](Transaction& load) {
    load.swap_in(table);
    apply(load, table, Effect(orders).replace({3, "merged"}));
  });
  // More loads, so that the destination has every reason to tidy up what the reader still sees.
  for (int i = 0; i < 50; ++i) merge(table, Effect(orders).replace({1000 + i, std::string(100'000, 'x')}));
  EXPECT_EQ(ask(*reader, "SELECT id, note FROM public.orders"), Strings{"1|old"}) << "an older view must not change";
  reader->refresh();
  EXPECT_EQ(ask(*reader, "SELECT id, note FROM public.orders WHERE id < 1000 ORDER BY id"),
            (Strings{"2|new", "3|merged"}));
}

TEST_P(CopyTest, whole_copies_of_many_tables_come_together) {
  open();
  std::vector<TableSchemaRef> schemas;
  std::vector<destination::TableRecord> records;
  std::vector<std::vector<RowBatch>> rows(40);
  for (int i = 0; i < 40; ++i) {
    schemas.push_back(table("t" + std::to_string(i), {{"id", int4, key}, {"note", text}}, 17000 + i));
    records.push_back(record(schemas.back()));
    for (int batch = 0; batch < i % 3; ++batch)
      rows[i].push_back(inserts(schemas.back(), {{batch, "a"}, {-batch, "b"}}));
  }
  std::vector<destination::CopyTarget> whole;
  for (int i = 0; i < 40; ++i) whole.push_back({.table = &records[i], .schema = schemas[i]});
  const auto writer = destination().begin_copy(whole);
  for (int i = 0; i < 40; ++i) {
    for (const auto& batch : rows[i]) writer->append(static_cast<std::size_t>(i), batch);
  }
  writer->finish();
  EXPECT_NE(error_of([&] { (void)ask("SELECT * FROM public.t1"); }), "");
  load(0x2000, [&](Transaction& load) {
    for (const auto& each : records) load.swap_in(each);
  });
  EXPECT_EQ(ask("SELECT count(*) FROM public.t0"), Strings{"0"});
  EXPECT_EQ(ask("SELECT count(*) FROM public.t1"), Strings{"2"});
  EXPECT_EQ(ask("SELECT count(*) FROM public.t38"), Strings{"4"});
}

TEST_P(CopyTest, an_unfinished_copy_is_cleared_away) {
  open();
  const auto table = record(orders);
  killed([&](destination::Destination& opened) {
    const auto copy = begin_copy(opened, table, orders);
    RowBatch rows(orders);
    for (int i = 0; i < 200'000; ++i) append(rows, Op::insert, {i, "note"});
    for (int i = 0; i < 8; ++i) copy->append(0, rows);
    die();
  });
  open();
  EXPECT_EQ(ask("SELECT count(*) FROM information_schema.tables WHERE table_name LIKE '%copy%'"), Strings{"0"});
  EXPECT_NE(error_of([&] { load(0x2000, [&](Transaction& load) { load.swap_in(table); }); }), "");
  create(orders, {{1, "a"}});
  EXPECT_EQ(ask("SELECT id FROM public.orders"), Strings{"1"});
}

TEST_P(CopyTest, a_copy_that_a_load_made_visible_survives_a_kill) {
  open();
  const auto table = record(orders);
  killed([&](destination::Destination& opened) {
    const auto copy = begin_copy(opened, table, orders);
    RowBatch rows(orders);
    for (int i = 0; i < 300'000; ++i) append(rows, Op::insert, {i, "note"});
    copy->append(0, rows);
    copy->finish();
    const auto load = opened.begin({});
    load->swap_in(table);
    load->commit();
    die();
  });
  open();
  EXPECT_EQ(ask("SELECT count(*), max(id) FROM public.orders"), Strings{"300000|299999"});
}

TEST_P(CopyTest, a_copy_that_is_given_up_leaves_nothing) {
  open();
  const auto table = record(orders);
  {
    const auto copy = begin_copy(destination(), table, orders);
    copy->append(0, inserts(orders, {{1, "a"}}));
  }
  EXPECT_EQ(ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"), Strings{"0"});
}

TEST_P(CopyTest, beginning_again_takes_the_place_of_a_finished_copy) {
  open();
  const auto table = record(orders);
  for (const auto* note : {"first", "second"}) {
    const auto copy = begin_copy(destination(), table, orders);
    copy->append(0, inserts(orders, {{1, note}}));
    copy->finish();
  }
  load(0x2000, [&](Transaction& load) { load.swap_in(table); });
  EXPECT_EQ(ask("SELECT note FROM public.orders"), Strings{"second"});
}

TEST_P(CopyTest, a_copy_without_rows) {
  open();
  const auto table = record(orders);
  begin_copy(destination(), table, orders)->finish();
  load(0x2000, [&](Transaction& load) { load.swap_in(table); });
  EXPECT_EQ(ask("SELECT count(*) FROM public.orders"), Strings{"0"});
}

TEST_P(CopyTest, variants_come_when_they_come) {
  open();
  const auto schema = walbrook::contract::table("money", {{"id", int4, key}, {"a", numeric}, {"b", numeric}});
  const auto table = record(schema);
  const auto copy = begin_copy(destination(), table, schema);
  copy->append(0, inserts(schema, {{1, 1'000'000'000, 1}}));
  copy->append(0, inserts(schema, {{2, VariantText{"NaN"}, 1}, {3, 1, 1}}));
  copy->append(0, inserts(schema, {{4, VariantText{"1e50"}, VariantText{"-1e50"}}}));
  copy->finish();
  load(0x2000, [&](Transaction& load) {
    load.swap_in(table);
    apply(load, table, Effect(schema).insert({5, VariantText{"inf"}, 2}));
  });
  EXPECT_EQ(ask("SELECT id, a__v_text, b__v_text FROM public.money ORDER BY id"),
            (Strings{"1|-|-", "2|NaN|-", "3|-|-", "4|1e50|-1e50", "5|inf|-"}));
}

TEST_P(CopyTest, variants_are_prepared_in_the_copy_that_is_promoted_next) {
  open();
  const auto schema = walbrook::contract::table("money", {{"id", int4, key}, {"a", numeric}});
  auto table = record(schema, TableState::copying);
  const auto copy = begin_copy(destination(), table, schema);
  copy->append(0, inserts(schema, {{1, 1}}));
  copy->finish();
  alter(destination(), table, {.overflow = {"a"}});
  load(0x2000, [&](Transaction& load) {
    load.swap_in(table);
    apply(load, table, Effect(schema).replace({1, VariantText{"NaN"}}));
  });
  EXPECT_EQ(ask("SELECT a, a__v_text FROM public.money"), Strings{"-|NaN"});
}

TEST_P(CopyTest, several_copies_while_loads_go_on) {
  open();
  const auto live = create(orders, {{1, "0"}});
  constexpr int copies = 3;
  std::vector<TableSchemaRef> schemas;
  std::vector<std::jthread> threads;
  std::vector<std::string> failures(copies);
  for (int i = 0; i < copies; ++i) {
    schemas.push_back(walbrook::contract::table("copied_" + std::to_string(i), {{"id", int8, key}, {"v", text}},
                                                19000 + static_cast<Oid>(i)));
  }
  for (int i = 0; i < copies; ++i) {
    threads.emplace_back([&, i] {
      const auto n = static_cast<std::size_t>(i);
      failures[n] = error_of([&] {
        auto into = record(schemas[n]);
        into.target_schema = "fresh";  // all of them want to create it
        const auto copy = begin_copy(destination(), into, schemas[n]);
        for (int part = 0; part < 30; ++part) {
          RowBatch rows(schemas[n]);
          for (int row = 0; row < 20'000; ++row)
            append(rows, Op::insert, {std::int64_t{part} * 20'000 + row, "some text of a row"});
          copy->append(0, rows);
        }
        copy->finish();
      });
    });
  }
  for (int i = 1; i <= 100; ++i) merge(live, Effect(orders).replace({1, std::to_string(i)}));
  threads.clear();
  for (const auto& failure : failures) EXPECT_EQ(failure, "");
  load(0x9000, [&](Transaction& load) {
    for (const auto& schema : schemas) {
      auto into = record(schema);
      into.target_schema = "fresh";
      load.swap_in(into);
    }
  });
  for (const auto& schema : schemas) {
    EXPECT_EQ(ask("SELECT count(*), count(DISTINCT id) FROM fresh." + schema->name), Strings{"600000|600000"});
  }
  EXPECT_EQ(ask("SELECT note FROM public.orders"), Strings{"100"});
}

INSTANTIATE_TEST_SUITE_P(Contract, CopyTest, testing::ValuesIn(kinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
