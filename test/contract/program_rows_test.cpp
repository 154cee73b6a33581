// Outputs without a source: rows that a program writes are added to a table, or replace those with their key.
#include <gtest/gtest.h>

#include "base/error.h"
#include "output/disposition.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

class ProgramRowsTest : public ContractTest {
 protected:
  // Adds rows that are new, or that each replace the rows with their key.
  destination::MergeCounts add(Transaction& transaction, const OutputRecord& output, const TableSchemaRef& schema,
                               const Rows& rows, Op op = Op::insert) {
    RowBatch batch(schema);
    for (const auto& row : rows) append(batch, op, row);
    return apply(transaction, output, row_operations(output.disposition, {&batch}));
  }
  destination::MergeCounts add(const OutputRecord& output, const TableSchemaRef& schema, const Rows& rows,
                               Op op = Op::insert) {
    const auto transaction = begin();
    const auto counts = add(*transaction, output, schema, rows, op);
    transaction->commit();
    return counts;
  }
};

const auto events = table("events", {{"id", int4}, {"note", text}}, 1);
const auto keyed_events = table("events", {{"id", int4, key}, {"note", text}}, 1);

TEST_P(ProgramRowsTest, rows_join_those_that_are_there) {
  open();
  const auto output = create(events, {{1, "a"}});
  const auto counts = add(output, events, {{1, "b"}, {2, Null{}}});
  EXPECT_EQ(counts.written, 2U);
  EXPECT_EQ(counts.removed, 0U);
  EXPECT_EQ(rows(output), (Strings{"1|a", "1|b", "2|-"}));
}

TEST_P(ProgramRowsTest, rows_replace_those_with_their_key) {
  if (!rows_change()) GTEST_SKIP() << "rows of a program are only added";
  open();
  const auto output = create(events, {{1, "a"}, {1, "a again"}, {2, "b"}, {3, "c"}});
  const auto counts = add(output, keyed_events, {{1, "x"}, {3, "y"}, {1, "z"}, {4, "new"}}, Op::update);
  EXPECT_EQ(counts.removed, 3U);
  EXPECT_EQ(counts.written, 3U) << "the last row of a key counts";
  EXPECT_EQ(rows(output), (Strings{"1|z", "2|b", "3|y", "4|new"}));
}

TEST_P(ProgramRowsTest, several_runs_of_rows_are_one_transaction) {
  if (!rows_change()) GTEST_SKIP() << "rows of a program are only added";
  open();
  const auto output = create(events, {{1, "a"}});
  {
    const auto given_up = begin();
    add(*given_up, output, keyed_events, {{1, "b"}}, Op::update);
    add(*given_up, output, keyed_events, {{1, "c"}, {2, "d"}}, Op::update);
  }
  EXPECT_EQ(rows(output), Strings{"1|a"});
  load(0x2000, [&](Transaction& transaction) {
    add(transaction, output, keyed_events, {{1, "b"}}, Op::update);
    add(transaction, output, keyed_events, {{1, "c"}, {2, "d"}}, Op::update);
  });
  EXPECT_EQ(rows(output), (Strings{"1|c", "2|d"}));
}

TEST_P(ProgramRowsTest, columns_that_are_new_are_null_in_older_rows) {
  open();
  const auto output = create(events, {{1, "a"}});
  const auto more = contract::table(
      "events", {{"note", text}, {"ID", int8}, {"tags", {.layout = Layout::list, .children = {text}, .names = {}}}}, 1);
  load(0x2000, [&](Transaction& transaction) { transaction.alter(output, {.columns = more->columns}); });
  add(output, more, {{"b", 7, Parts{{"x", "y"}}}});
  EXPECT_EQ(rows(output), (Strings{"-|b", "1|a"}));
}

INSTANTIATE_TEST_SUITE_P(Contract, ProgramRowsTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
