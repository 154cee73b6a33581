// Tables without a source: rows that join a table, columns that come, and what stays when the copies go.
#include <gtest/gtest.h>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

class OwnRowsTest : public ContractTest {
 protected:
  // Rows of a copy of that schema, the last of each key where one is given.
  void copy(const TableRecord& table, const TableSchemaRef& schema, const std::vector<std::vector<Cell>>& rows,
            const Strings& of_key = {}) {
    const auto writer = begin_copy(destination(), table, schema, of_key);
    for (const auto& row : rows) writer->append(0, inserts(schema, {row}));
    writer->finish();
  }
  destination::MergeCounts add(const TableRecord& table, const Strings& of_key = {}) {
    destination::MergeCounts counts;
    const auto load = destination().begin({});
    counts = load->add_copy(table, of_key);
    load->commit();
    return counts;
  }
  static TableRecord own(const TableSchemaRef& schema) { return record(schema, TableState::loaded); }
};

TableSchemaRef events(Oid oid = 1) {
  return table("events", {{"id", int4}, {"note", text}}, oid);
}

TEST_P(OwnRowsTest, copied_rows_join_those_that_are_there) {
  open();
  const auto table = create(events(), {{1, "a"}});
  copy(table, events(), {{1, "b"}, {2, Null{}}});
  EXPECT_EQ(ask("SELECT count(*) FROM public.events"), Strings{"1"}) << "nobody sees them yet";
  const auto counts = add(table);
  EXPECT_EQ(counts.written, 2U);
  EXPECT_EQ(counts.removed, 0U);
  EXPECT_EQ(ask("SELECT id, note FROM public.events ORDER BY ALL"), (Strings{"1|a", "1|b", "2|-"}));
  EXPECT_EQ(ask("SELECT count(*) FROM information_schema.tables WHERE table_name LIKE '%copy%'"), Strings{"0"});
}

TEST_P(OwnRowsTest, copied_rows_take_the_place_of_those_with_their_key) {
  open();
  const auto table = create(events(), {{1, "a"}, {1, "a again"}, {2, "b"}, {3, "c"}});
  copy(table, events(), {{1, "x"}, {3, "y"}, {1, "z"}, {4, "new"}}, {"id"});
  const auto counts = add(table, {"id"});
  EXPECT_EQ(counts.removed, 3U);
  EXPECT_EQ(counts.written, 3U);
  EXPECT_EQ(ask("SELECT id, note FROM public.events ORDER BY ALL"), (Strings{"1|z", "2|b", "3|y", "4|new"}));
}

TEST_P(OwnRowsTest, a_load_that_is_given_up_leaves_table_and_copy) {
  open();
  const auto table = create(events(), {{1, "a"}});
  copy(table, events(), {{1, "b"}});
  static_cast<void>(destination().begin({})->add_copy(table, {"id"}));
  EXPECT_EQ(ask("SELECT note FROM public.events"), Strings{"a"});
  add(table, {"id"});
  EXPECT_EQ(ask("SELECT note FROM public.events"), Strings{"b"});
}

TEST_P(OwnRowsTest, columns_that_are_new_are_null_in_older_rows) {
  open();
  const auto table = create(events(), {{1, "a"}});
  const auto more = walbrook::contract::table(
      "events", {{"note", text}, {"ID", int8}, {"tags", {.layout = Layout::list, .children = {text}, .names = {}}}}, 1);
  alter(destination(), table, {.columns = more->columns});
  alter(destination(), table, {.columns = more->columns});  // again: nothing is left to do
  copy(table, more, {{"b", std::int64_t{7}, Parts{{"x", "y"}}}});
  add(table);
  EXPECT_EQ(ask("SELECT id, note, ID_2, tags FROM public.events ORDER BY note"), (Strings{"1|a|-|-", "-|b|7|[x, y]"}));
}

TEST_P(OwnRowsTest, a_copy_anew_of_everything_leaves_them) {
  open();
  const auto copied = create(orders, {{1, "a"}});
  const auto schema = events();
  const auto table = own(schema);
  copy(table, schema, {{1, "mine"}});
  load(0x2000, [&](Transaction& load) {
    load.swap_in(table);
    load.put(destination::PutTable{table});
    load.put(
        destination::PutLoad{{.first_commit = {}, .last_commit = {}, .inserts = 1, .started = {}, .tables = "{}"}});
  });
  destination().drop(destination::DropScope::sourced);
  EXPECT_EQ(ask("SELECT note FROM public.events"), Strings{"mine"});
  EXPECT_NE(error_of([&] { (void)ask("SELECT * FROM public.orders"); }), "");
  const auto state = open();
  EXPECT_FALSE(state.checkpoint);
  ASSERT_EQ(state.tables.size(), 1U);
  EXPECT_EQ(state.tables[0].state, TableState::loaded);
  EXPECT_EQ(state.newest_load, 1);
  destination().drop(destination::DropScope::pipeline);
  EXPECT_TRUE(open().tables.empty());
  EXPECT_NE(error_of([&] { (void)ask("SELECT * FROM public.events"); }), "");
}

TEST_P(OwnRowsTest, a_table_of_the_source_may_have_their_names) {
  open();
  const auto source = table("events", {{"id", int4, key}}, 17001);
  auto copied = record(source);
  copied.target_name = "events_2";
  const auto table = own(events());
  load(0x2000, [&](Transaction& load) {
    load.put(destination::PutTable{copied});
    load.put(destination::PutTable{table});
    load.put(destination::PutTable{copied});
  });
  EXPECT_EQ(open().tables.size(), 2U);
  destination().drop(destination::DropScope::tables, {&copied, 1});
  const auto state = open();
  ASSERT_EQ(state.tables.size(), 1U);
  EXPECT_EQ(state.tables[0].state, TableState::loaded);
  EXPECT_EQ(ask("SELECT count(*) FROM _walbrook.schema_versions"), Strings{"1"});
  destination().drop(destination::DropScope::tables, {&table, 1});
  EXPECT_EQ(ask("SELECT count(*) FROM _walbrook.schema_versions"), Strings{"0"});
}

INSTANTIATE_TEST_SUITE_P(Contract, OwnRowsTest, testing::ValuesIn(kinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
