// How target tables look to users who read them with SQL: names, printed values, and what a view of them keeps.
#include <gtest/gtest.h>

#include "base/error.h"
#include "test/contract/duckdb_user.h"
#include "test/contract/layout_cases.h"
#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

class TargetTablesTest : public DuckDbCase {};

TEST_F(TargetTablesTest, values_of_every_layout_are_printed) {
  open();
  Oid oid = 17000;
  for (const auto& each : layout_cases()) {
    SCOPED_TRACE(each.name);
    const auto schema = table("t_" + each.name, {{"id", int4, key}, {"v", each.type}}, ++oid);
    Rows copied{{-1, Null{}}};
    Strings expected{"-"};
    for (std::size_t i = 0; i < each.samples.size(); ++i) {
      copied.push_back({static_cast<int>(i), each.samples[i].value});
      expected.push_back(each.samples[i].text);
    }
    create(schema, copied);
    EXPECT_EQ(ask("SELECT v FROM public." + schema->name + " ORDER BY id"), expected);
  }
}

TEST_F(TargetTablesTest, uuids_order_as_in_the_source) {
  open();
  const auto bytes = [](int first, int rest) {
    std::string out(16, static_cast<char>(rest));
    out[0] = static_cast<char>(first);
    return out;
  };
  create(table("ids", {{"u", {Layout::uuid}, key}}),
         {{bytes(0xFF, 0)}, {bytes(0, 1)}, {bytes(0x80, 0)}, {bytes(0x7F, 0)}});
  EXPECT_EQ(ask("SELECT substr(u::VARCHAR, 1, 2) FROM public.ids ORDER BY u"), (Strings{"00", "7f", "80", "ff"}));
}

TEST_F(TargetTablesTest, edges_of_timestamps_are_the_same_with_a_time_zone) {
  open();
  const auto& limits = destination().capabilities().values;
  create(table("edges", {{"id", int4, key}, {"a", {Layout::timestamp}}, {"b", {Layout::timestamp_tz}}}),
         {{1, limits.min_timestamp, limits.min_timestamp}, {2, limits.max_timestamp, limits.max_timestamp}});
  EXPECT_EQ(ask("SELECT a::VARCHAR || '+00' = b::VARCHAR FROM public.edges"), (Strings{"true", "true"}));
}

TEST_F(TargetTablesTest, a_finished_copy_goes_with_the_state_that_could_swap_it_in) {
  open();
  const auto schema = table("orders", {{"id", int4, key}, {"note", {Layout::utf8}}});
  const std::string tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
  for (const auto state : {destination::OutputState::pending, destination::OutputState::suspended,
                           destination::OutputState::removed, destination::OutputState::left_out}) {
    auto of = record(schema);
    const auto put = [&](Lsn at) {
      const auto transaction = destination().begin({.last_commit = at});
      transaction->put(destination::PutOutput{of});
      transaction->commit();
    };
    of.state = destination::OutputState::copying;
    put({0x2000});
    copy(of, {{1, "a"}});
    put({0x2001});
    EXPECT_EQ(ask(tables), Strings{"1"});
    of.state = state;
    put({0x2002});
    EXPECT_EQ(ask(tables), Strings{"0"});
  }
}

TEST_F(TargetTablesTest, columns_that_differ_by_case_get_a_suffix) {
  open();
  const auto schema = table("twins", {{"Id", int4, key}, {"id", int4}, {"ID", int4}, {"id_2", int4}});
  const auto record = create(schema, {{1, 2, 3, 4}});
  EXPECT_EQ(ask("SELECT \"Id\", id_3, \"ID_4\", id_2 FROM public.twins"), Strings{"1|2|3|4"});
  open();
  // "Id" is dropped in the source, and "ID" becomes the key: the names do not change.
  merge(record, Effect(table("twins", {{"id", int4}, {"ID", int4, key}, {"id_2", int4}})).replace({21, 3, 41}));
  EXPECT_EQ(ask("SELECT \"Id\", id_3, \"ID_4\", id_2 FROM public.twins"), Strings{"-|21|3|41"});
}

TEST_F(TargetTablesTest, an_overflow_column_gives_way_to_a_source_column_of_its_name) {
  open();
  const auto schema = table("clash", {{"id", int4, key}, {"a", numeric}, {"a__v_text", text}});
  const auto record = create(schema, {{1, OverflowText{"NaN"}, "own"}});
  EXPECT_EQ(ask("SELECT a, a__v_text, a__v_text_ FROM public.clash"), Strings{"-|own|NaN"});
  open();
  merge(record, Effect(table("clash", {{"id", int4, key}, {"a", numeric}})).insert({2, OverflowText{"1e50"}}));
  EXPECT_EQ(ask("SELECT a, a__v_text, a__v_text_ FROM public.clash WHERE id = 2"), Strings{"-|-|1e50"});
}

TEST_F(TargetTablesTest, without_key_a_column_called_rowid) {
  open();
  const auto schema = table("hidden", {{"RowId", int4}, {"k", int4}, {"n", text}, {"c0", text}, {"wanted", int4}});
  const auto record =
      create(schema, {{1, 1, "x", "y", 1}, {1, 1, "x", "y", 1}, {1, 1, "x", "y", 1}, {2, 2, Null{}, "y", 2}});
  EXPECT_EQ(merge(record, Effect(schema).remove({1, 1, "x", "y", 1}, 2).remove({2, 2, Null{}, "y", 2}, 1)).removed, 3U);
  EXPECT_EQ(ask("SELECT * FROM public.hidden"), Strings{"1|1|x|y|1"});
}

TEST_F(TargetTablesTest, merges_of_hundreds_of_thousands_of_rows) {
  open();
  constexpr int count = 300'000;
  const auto schema = table("orders", {{"id", int4, key}, {"n", int4}, {"note", text}});
  RowBatch batch(schema);
  for (int i = 0; i < count; ++i)
    append(batch, Op::insert, {i, i, i % 3 == 0 ? Cell{Null{}} : Cell{"text " + std::to_string(i)}});
  const auto record = DuckDbCase::record(schema);
  const auto writer = copy_writer(record);
  writer->append(0, batch);
  writer->finish();
  load(0x2000, [&](Transaction& transaction) { transaction.swap_in(record); });
  Effect effect(schema);
  for (int i = 0; i < count; i += 2) {
    if (i % 10 == 0) {
      effect.remove({i, Null{}, Null{}});
    } else {
      effect.replace({i, -i, "changed " + std::to_string(i)});
    }
  }
  EXPECT_EQ(merge(record, effect).removed, count / 2U);
  EXPECT_EQ(ask("SELECT count(*), count(DISTINCT id), count(*) FILTER (n = -id AND note = 'changed ' || id), count(*) "
                "FILTER (n = id AND note IS NOT DISTINCT FROM CASE WHEN id % 3 <> 0 THEN 'text ' || id END) FROM "
                "public.orders WHERE id > 0"),
            Strings{"270000|270000|120000|150000"});
}

TEST_F(TargetTablesTest, p1_an_older_view_does_not_change_when_a_new_copy_replaces_the_target) {
  open();
  const auto record = create(orders, {{1, "old"}});
  const auto reader = destination::query_engine_of(destination()).open_session();
  EXPECT_EQ(ask(*reader, "SELECT id, note FROM public.orders"), Strings{"1|old"});
  const auto before = reader->lsn();
  copy(record, {{2, "new"}, {3, "new"}});
  load(0x5000, [&](Transaction& transaction) {
    transaction.swap_in(record);
    destination::apply(transaction, record, Effect(orders).replace({3, "merged"}));
  });
  // More loads, so that the destination has every reason to remove what the reader still sees.
  for (int i = 0; i < 50; ++i) merge(record, Effect(orders).replace({1000 + i, std::string(100'000, 'x')}));
  EXPECT_EQ(ask(*reader, "SELECT id, note FROM public.orders"), Strings{"1|old"});
  EXPECT_EQ(reader->lsn(), before);
  reader->refresh();
  EXPECT_EQ(ask(*reader, "SELECT id, note FROM public.orders WHERE id < 1000 ORDER BY id"),
            (Strings{"2|new", "3|merged"}));
}

TEST_F(TargetTablesTest, copies_leave_no_tables_behind) {
  open();
  const auto record = create(orders, {{1, "a"}});
  copy(record, {{1, "b"}});
  load(0x5000, [&](Transaction& transaction) { transaction.swap_in(record); });
  copy_writer(record)->append(0, inserts(orders, {{2, "given up"}}));
  EXPECT_EQ(ask("SELECT count(*) FROM information_schema.tables WHERE table_name LIKE '%copy%'"), Strings{"0"});
}

// Somebody dropped the target, and made a table of their own under its name.
TEST_F(TargetTablesTest, a_table_under_the_former_name_stays_where_it_is_another_one) {
  open();
  const auto record = create(orders, {{1, "old"}});
  close();
  run_in_duckdb(file(), {"DROP TABLE public.orders", "CREATE TABLE public.orders(mine TEXT)",
                         "INSERT INTO public.orders VALUES ('kept')"});
  open();
  auto moved = record;
  moved.target_name = "orders_of_all";
  copy(moved, {{1, "new"}});
  const auto former = record.target();
  load(0x5000, [&](Transaction& transaction) {
    transaction.swap_in(moved, &former);
    transaction.put(destination::PutOutput{moved});
  });
  EXPECT_EQ(ask("SELECT mine FROM public.orders"), Strings{"kept"});
  EXPECT_EQ(ask("SELECT id, note FROM public.orders_of_all"), Strings{"1|new"});
}

TEST_F(TargetTablesTest, versions_of_schemas_go_with_their_table) {
  open();
  const auto sourced = record(table("events", {{"id", int4, key}}, 17001));
  const auto own = record(table("events", {{"id", int4}}, 1), OutputState::loaded);
  load(0x2000, [&](Transaction& transaction) {
    transaction.put(destination::PutOutput{sourced});
    transaction.put(destination::PutOutput{own});
  });
  destination().drop(destination::DropScope::outputs, {&sourced, 1});
  EXPECT_EQ(ask("SELECT count(*) FROM _walbrook.schema_versions"), Strings{"1"});
  destination().drop(destination::DropScope::outputs, {&own, 1});
  EXPECT_EQ(ask("SELECT count(*) FROM _walbrook.schema_versions"), Strings{"0"});
}

}  // namespace
}  // namespace walbrook::contract
