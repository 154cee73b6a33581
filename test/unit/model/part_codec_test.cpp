// Operations encoded as bytes and decoded again, and the errors of damaged bytes.
#include "model/part_codec.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace walbrook {
namespace {

// Appends NULL, an overflow, or a list of `id` % 5 structures, some of them NULL.
void append_parts(Column& column, std::int64_t id) {
  if (id % 7 == 0) return column.append_null();
  if (id % 11 == 0) return column.append_overflow("{{1}}");
  auto& structure = column.children()[0];
  for (std::int64_t i = 0; i < id % 5; ++i) {
    if (i == 3) {
      structure.append_null();
      continue;
    }
    structure.children()[0].append(static_cast<std::int32_t>(id));
    structure.children()[1].append_bytes(std::string(static_cast<std::size_t>(i), 'y'));
    structure.close_structure();
  }
  column.close_list();
}

GatheredChanges sample() {
  TableSchema schema{.oid = 7, .schema = "public", .name = "doc"};
  schema.columns.push_back({.name = "id", .type_oid = type_oid::int8, .in_key = true, .type = {Layout::int64}});
  schema.columns.push_back({.name = "body", .type_oid = type_oid::text, .type = {Layout::utf8}});
  schema.columns.push_back({.name = "price", .type_oid = type_oid::numeric, .type = {Layout::decimal, 12, 2}});
  schema.columns.push_back(
      {.name = "parts",
       .type_oid = 20001,
       .type = {Layout::list, 0, 0, {{Layout::structure, 0, 0, {{Layout::int32}, {Layout::utf8}}, {"a", "b"}}}}});
  RowBatch batch(std::make_shared<const TableSchema>(schema));
  for (std::int64_t id = 0; id < 200; ++id) {
    batch.columns[0].append(id);
    if (id % 3 == 0) {
      batch.columns[1].append_null();
      batch.mark_unchanged(batch.rows(), 1);
    } else {
      batch.columns[1].append_bytes(std::string(static_cast<std::size_t>(id), 'x'));
    }
    if (id % 5 == 0) {
      batch.columns[2].append_overflow("NaN");
    } else {
      batch.columns[2].append(Int128{id});
    }
    append_parts(batch.columns[3], id);
    batch.finish_row(Op::update, static_cast<std::uint32_t>(id / 100), static_cast<std::uint32_t>(2 * id));
  }
  GatheredChanges changes;
  changes.transactions = {{.xid = 5, .commit_lsn = {10}, .commit_time = 30},
                          {.xid = 6, .commit_lsn = {40}, .commit_time = 60}};
  const auto of = batch.schema;
  changes.operations.emplace_back(std::move(batch));
  changes.operations.emplace_back(Truncate{.tables = {of}, .transaction = 1, .sequence = 9});
  return changes;
}

TEST(PartCodec, an_altered_table_comes_back) {
  TableSchema schema{.oid = 7, .schema = "public", .name = "doc"};
  schema.columns.push_back({.name = "id", .type_oid = type_oid::int8, .type = {Layout::int64}});
  schema.columns.push_back({.name = "body", .type_oid = type_oid::text, .type = {Layout::utf8}});
  auto value = std::make_shared<Column>(PhysicalType{Layout::utf8});
  value->append_bytes("seven");
  GatheredChanges changes;
  changes.transactions = {{.xid = 5}, {.xid = 6}, {.xid = 7}};
  changes.operations.emplace_back(AlteredTable{.schema = std::make_shared<const TableSchema>(schema),
                                               .description = "{}",
                                               .missing = {{"body", value}},
                                               .transaction = 1});
  const auto part = read_part(write_part(changes.transactions, changes.operations));
  ASSERT_EQ(part.transactions.size(), 1U) << "the one that it points into";
  const auto& altered = std::get<AlteredTable>(part.operations.at(0));
  EXPECT_EQ(*altered.schema, schema);
  EXPECT_EQ(altered.description, "{}");
  EXPECT_EQ(altered.missing.at("body")->bytes_at(0), "seven");
  EXPECT_EQ(altered.transaction, 0U);
}

std::string bytes_of(const GatheredChanges& changes) {
  return write_part(changes.transactions, std::span(changes.operations).first(2));
}

TEST(PartCodec, what_was_written_is_read) {
  const auto changes = sample();
  const auto part = read_part(bytes_of(changes));
  ASSERT_EQ(part.operations.size(), 2U);
  ASSERT_EQ(part.transactions.size(), 2U);
  EXPECT_EQ(part.transactions[1].commit_lsn, Lsn{40});
  const auto& before = std::get<RowBatch>(changes.operations[0]);
  const auto& after = std::get<RowBatch>(part.operations[0]);
  EXPECT_EQ(*before.schema, *after.schema);
  EXPECT_EQ(before.ops, after.ops);
  EXPECT_EQ(before.transaction, after.transaction);
  EXPECT_EQ(before.sequence, after.sequence);
  for (std::size_t row = 0; row < before.rows(); ++row) {
    for (std::size_t c = 0; c < before.columns.size(); ++c) {
      ASSERT_EQ(before.columns[c].is_null(row), after.columns[c].is_null(row));
      ASSERT_TRUE(before.columns[c].same_value(row, after.columns[c], row));
      ASSERT_EQ(before.columns[c].overflow_at(row) == nullptr, after.columns[c].overflow_at(row) == nullptr);
      ASSERT_EQ(before.unchanged(row, c), after.unchanged(row, c));
    }
  }
  const auto& truncate = std::get<Truncate>(part.operations[1]);
  EXPECT_EQ(truncate.sequence, 9U);
  EXPECT_EQ(truncate.tables[0]->name, "doc");
}

TEST(PartCodec, every_truncation_is_an_error) {
  const auto whole = sample();
  const auto bytes = bytes_of(whole);
  const auto rows_end = write_part(whole.transactions, std::span(whole.operations).first(1)).size();
  const auto header = write_part(whole.transactions, {}).size();
  for (std::size_t size = 0; size < bytes.size(); size += size < 2000 ? 1 : 37) {
    if (size == header || size == rows_end) continue;  // whole operations: a shorter part, but a valid one
    EXPECT_THROW(static_cast<void>(read_part(std::string_view(bytes).substr(0, size))), Error) << size;
  }
}

TEST(PartCodec, a_batch_carries_only_the_transactions_of_its_rows) {
  const auto schema = std::get<RowBatch>(sample().operations[0]).schema;
  std::vector<Transaction> transactions;
  for (std::uint32_t i = 0; i < 10'000; ++i) transactions.push_back({.xid = i, .commit_lsn = {100 + i}});
  RowBatch batch(schema);
  for (const std::uint32_t transaction : {9'000U, 9'000U, 9'002U}) {
    for (auto& column : batch.columns) column.append_null();
    batch.finish_row(Op::insert, transaction);
  }
  const std::vector<Operation> operations{std::move(batch), Truncate{.tables = {schema}, .transaction = 9'003}};
  const auto bytes = write_part(transactions, operations);
  EXPECT_LT(bytes.size(), 5'000U);
  const auto part = read_part(bytes);
  ASSERT_EQ(part.transactions.size(), 4U);
  EXPECT_EQ(part.transactions[0].xid, 9'000U);
  EXPECT_EQ(std::get<RowBatch>(part.operations[0]).transaction, (std::vector<std::uint32_t>{0, 0, 2}));
  EXPECT_EQ(part.transactions[std::get<Truncate>(part.operations[1]).transaction].commit_lsn, Lsn{9'103});
}

TEST(PartCodec, a_split_batch_is_the_same_rows) {
  auto changes = sample();
  auto& batch = std::get<RowBatch>(changes.operations[0]);
  const auto whole = std::get<RowBatch>(changes.operations[0]);
  const auto tail = batch.split(130);
  ASSERT_EQ(batch.rows(), 130U);
  ASSERT_EQ(tail.rows(), 70U);
  for (std::size_t row = 0; row < whole.rows(); ++row) {
    const auto& part = row < 130 ? batch : tail;
    const auto at = row < 130 ? row : row - 130;
    for (std::size_t c = 0; c < whole.columns.size(); ++c) {
      ASSERT_EQ(whole.columns[c].is_null(row), part.columns[c].is_null(at));
      ASSERT_TRUE(whole.columns[c].same_value(row, part.columns[c], at));
      ASSERT_EQ(whole.columns[c].hash_value(row), part.columns[c].hash_value(at));
      ASSERT_EQ(whole.columns[c].overflow_at(row) != nullptr, part.columns[c].overflow_at(at) != nullptr);
      ASSERT_EQ(whole.unchanged(row, c), part.unchanged(at, c));
    }
  }
}

}  // namespace
}  // namespace walbrook
