// Tables without a source: rows that a program writes join a table, or replace those with their key.
#include <gtest/gtest.h>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

class ProgramRowsTest : public ContractTest {
 protected:
  // A copy of rows, the last of each key where one is given.
  std::uint64_t copy_last(const OutputRecord& table, const TableSchemaRef& schema, const Rows& rows,
                          const Strings& of_key = {}) {
    const destination::CopyTarget target{.output = &table, .schema = schema, .last_of = of_key};
    const auto writer = destination().begin_copy({&target, 1});
    for (const auto& row : rows) writer->append(0, inserts(schema, {row}));
    return writer->finish();
  }
  destination::MergeCounts add(const OutputRecord& table, const Strings& of_key = {}) {
    destination::MergeCounts counts;
    const auto transaction = begin();
    counts = transaction->add_copy(table, of_key);
    transaction->commit();
    return counts;
  }
};

const auto events = table("events", {{"id", int4}, {"note", text}}, 1);

TEST_P(ProgramRowsTest, copied_rows_join_those_that_are_there) {
  open();
  const auto table = create(events, {{1, "a"}});
  copy_last(table, events, {{1, "b"}, {2, Null{}}});
  EXPECT_EQ(rows(table), Strings{"1|a"}) << "nobody sees them yet";
  const auto counts = add(table);
  EXPECT_EQ(counts.written, 2U);
  EXPECT_EQ(counts.removed, 0U);
  EXPECT_EQ(rows(table), (Strings{"1|a", "1|b", "2|-"}));
}

TEST_P(ProgramRowsTest, copied_rows_replace_those_with_their_key) {
  open();
  const auto table = create(events, {{1, "a"}, {1, "a again"}, {2, "b"}, {3, "c"}});
  EXPECT_EQ(copy_last(table, events, {{1, "x"}, {3, "y"}, {1, "z"}, {4, "new"}}, {"id"}), 1U);
  const auto counts = add(table, {"id"});
  EXPECT_EQ(counts.removed, 3U);
  EXPECT_EQ(counts.written, 3U);
  EXPECT_EQ(rows(table), (Strings{"1|z", "2|b", "3|y", "4|new"}));
}

TEST_P(ProgramRowsTest, a_transaction_that_is_given_up_leaves_table_and_copy) {
  open();
  const auto table = create(events, {{1, "a"}});
  copy_last(table, events, {{1, "b"}});
  static_cast<void>(begin()->add_copy(table, {"id"}));
  EXPECT_EQ(rows(table), Strings{"1|a"});
  add(table, {"id"});
  EXPECT_EQ(rows(table), Strings{"1|b"});
}

TEST_P(ProgramRowsTest, columns_that_are_new_are_null_in_older_rows) {
  open();
  auto table = create(events, {{1, "a"}});
  const auto more = contract::table(
      "events", {{"note", text}, {"ID", int8}, {"tags", {.layout = Layout::list, .children = {text}, .names = {}}}}, 1);
  load(0x2000, [&](Transaction& transaction) { transaction.alter(table, {.columns = more->columns}); });
  copy_last(table, more, {{"b", 7, Parts{{"x", "y"}}}});
  add(table);
  EXPECT_EQ(rows(table), (Strings{"-|b", "1|a"}));
}

INSTANTIATE_TEST_SUITE_P(Contract, ProgramRowsTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
