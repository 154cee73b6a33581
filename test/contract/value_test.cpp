// Values of every layout are read back exactly as they were given, from a copy and from row operations.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "test/contract/fixture.h"
#include "test/contract/layout_cases.h"

namespace walbrook::contract {
namespace {

class ValueTest : public ContractTest {};

// True if another sample is the same key: 0.0 and -0.0, or 1 month and 30 days, as in the source. Only one of them can
// be stored.
bool has_equals(const LayoutCase& of, const Cell& value) {
  const auto* number = std::get_if<double>(&value);
  return (number != nullptr && *number == 0) || of.name == "list_of_structure";
}

TEST_P(ValueTest, p4_every_layout_round_trips) {
  open();
  Oid oid = 17000;
  for (const auto& each : layout_cases()) {
    if (!is_held(each.type)) continue;  // such a value is text there
    SCOPED_TRACE(each.name);
    const auto schema = table("t_" + each.name, {{"id", int4, key}, {"v", each.type}}, ++oid);
    Rows copied{{-1, Null{}}};
    Effect effect(schema);
    effect.insert({-2, Null{}});
    Strings by_copy{"-1|-"};
    Strings merged{"-1|-", "-2|-"};
    for (std::size_t i = 0; i < each.samples.size(); ++i) {
      const auto id = static_cast<int>(i);
      const auto& value = each.samples[i].value;
      copied.push_back({id, value});
      effect.replace({id, value}).insert({id + 1000, value});
      const auto text = "|" + to_text(as_held(value, each.type));
      by_copy.push_back(std::to_string(id) + text);
      merged.push_back(std::to_string(id) + text);
      merged.push_back(std::to_string(id + 1000) + text);
    }
    std::ranges::sort(by_copy);
    std::ranges::sort(merged);
    const auto record = create(schema, copied);
    EXPECT_EQ(rows(record), by_copy);
    merge(record, effect);
    EXPECT_EQ(rows(record), merged);
  }
}

TEST_P(ValueTest, p4_every_value_can_be_that_of_older_rows_in_an_added_column) {
  open();
  if (!rows_change()) GTEST_SKIP() << "rows do not change there";
  TableSchema schema = *table("defaults", {{"id", int4, key}});
  auto record = create(std::make_shared<const TableSchema>(schema), {{1}});
  destination::Alteration alteration;
  std::string expected = "1";
  for (const auto& each : layout_cases()) {
    if (!is_held(each.type)) continue;  // such a value is text there
    for (const auto& sample : each.samples) {
      const ColumnSchema column{.name = each.name + std::to_string(schema.columns.size()), .type = each.type};
      const auto batch = inserts(table("value", {{"v", each.type}}), {{sample.value}});
      schema.columns.push_back(column);
      alteration.columns.push_back(column);
      alteration.values[column.name] = std::make_shared<const Column>(batch.columns[0]);
      expected += "|" + to_text(as_held(sample.value, each.type));
    }
  }
  record.columns = std::make_shared<const TableSchema>(schema);
  load(0x2000, [&](Transaction& transaction) { transaction.alter(record, alteration); });
  EXPECT_EQ(rows(record), Strings{expected});
}

TEST_P(ValueTest, every_layout_can_be_a_key_and_content) {
  open();
  Oid oid = 18000;
  for (const auto& each : layout_cases()) {
    if (!is_held(each.type)) continue;  // such a value is text there
    SCOPED_TRACE(each.name);
    const auto keyed = table("k_" + each.name, {{"v", each.type, key}, {"n", int4}}, ++oid);
    const auto heap = table("h_" + each.name, {{"v", each.type}}, ++oid);
    Rows keyed_rows;
    Rows heap_rows;
    for (std::size_t i = 0; i < each.samples.size(); ++i) {
      keyed_rows.push_back({each.samples[i].value, static_cast<int>(i)});
      heap_rows.push_back({each.samples[i].value});
      heap_rows.push_back({each.samples[i].value});
    }
    const auto keyed_record = create(keyed, keyed_rows);
    const auto heap_record = create(heap, heap_rows);
    for (const auto& [value, text] : each.samples) {
      if (std::holds_alternative<double>(value) && std::get<double>(value) == 0) continue;
      if (!has_equals(each, value)) {
        EXPECT_EQ(merge(keyed_record, Effect(keyed).replace({value, 100})).removed, 1U) << text;
      }
      EXPECT_EQ(merge(heap_record, Effect(heap).remove({value}, 1)).removed, 1U) << text;
    }
    // Some destinations describe all tables with every transaction.
    destination().drop(destination::DropScope::outputs, std::array{keyed_record, heap_record});
  }
}

TEST_P(ValueTest, keys_are_equal_where_the_source_says_so) {
  open();
  if (!is_held({Layout::interval})) GTEST_SKIP() << "an interval is text there";
  const auto schema = table("keys", {{"f", {Layout::float64}, key}, {"i", {Layout::interval}, key}, {"n", int4}});
  const Interval month{.months = 1, .days = 0, .microseconds = 0};
  const Interval thirty_days{.months = 0, .days = 30, .microseconds = 0};
  const auto record = create(schema, {{0.0, month, 1}, {1.0, month, 2}});
  EXPECT_EQ(merge(record, Effect(schema).replace({-0.0, thirty_days, 3})).removed, 1U);
  EXPECT_EQ(rows(record), (Strings{"-0|0 months 30 days 0 us|3", "1|1 months 0 days 0 us|2"}));
}

TEST_P(ValueTest, nulls_and_values_of_many_rows) {
  open();
  const auto schema =
      table("wide", {{"id", int4, key}, {"a", {Layout::int16}}, {"b", text}, {"c", {Layout::decimal, 9, 2}}});
  constexpr int count = 10'000;
  RowBatch batch(schema);
  Strings expected;
  for (int i = 0; i < count; ++i) {
    const auto cell = [i](int every, Cell value) { return i % every == 0 ? Cell{Null{}} : value; };
    const std::vector<Cell> row{i, cell(3, i % 1000), cell(5, std::string(static_cast<std::size_t>(i % 40), 'x')),
                                cell(7, i)};
    append(batch, Op::insert, row);
    std::string line;
    for (const auto& each : row) line += (line.empty() ? "" : "|") + to_text(each);
    expected.push_back(line);
  }
  std::ranges::sort(expected);
  const auto table = create(schema);
  RowOperations effect;
  effect.schema = schema;
  effect.keyed = true;
  // Every third row alone, then the others in runs of two, then all of them again by a copy.
  for (std::uint32_t i = 0; i < count; i += 3) effect.append.push_back({&batch, i});
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i % 3 != 0) effect.append.push_back({&batch, i});
  }
  merge(table, effect);
  EXPECT_TRUE(rows(table) == expected);
  const auto again = copy_writer(table);
  again->append(0, batch);
  again->finish();
  load(0x9000, [&](Transaction& transaction) { transaction.swap_in(table); });
  EXPECT_TRUE(rows(table) == expected);
}

TEST_P(ValueTest, sixteen_hundred_columns) {
  open();
  TableSchema wide = *table("wide", {{"c0", int4, key}});
  std::vector<Cell> row{1};
  std::string expected = "1";
  for (int i = 1; i < 1600; ++i) {
    wide.columns.push_back({.name = "c" + std::to_string(i), .type = int4});
    row.emplace_back(i);
    expected += "|" + std::to_string(i);
  }
  const auto schema = std::make_shared<const TableSchema>(wide);
  const auto record = create(schema, {row});
  merge(record, Effect(schema).replace(row));
  EXPECT_EQ(rows(record), Strings{expected});
}

TEST_P(ValueTest, p4_text_that_is_no_utf8_is_refused) {
  open();
  const auto schema = table("latin", {{"id", int4, key}, {"v", text}});
  const auto record = create(schema, {{1, "kept"}});
  for (const std::string bad : {"\xE9t\xE9", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "cut \xE2\x82"}) {
    EXPECT_EQ(error_of([&] {
                merge(record, Effect(schema).insert({2, bad}));
              }),
              "data: a value of column \"v\" of table public.latin is not UTF-8");
  }
  EXPECT_EQ(rows(record), Strings{"1|kept"});
}

TEST_P(ValueTest, capabilities_say_what_timestamps_can_be) {
  open();
  const auto& limits = destination().capabilities().values;
  EXPECT_LE(limits.min_timestamp, -210866803200000000) << "PostgreSQL's first instant, 4714-11-24 BC";
  const auto schema = table("edges", {{"id", int4, key}, {"a", {Layout::timestamp}}, {"b", {Layout::timestamp_tz}}});
  const auto record = create(
      schema, {{1, limits.min_timestamp, limits.min_timestamp}, {2, limits.max_timestamp, limits.max_timestamp}});
  const auto least = std::to_string(limits.min_timestamp);
  const auto most = std::to_string(limits.max_timestamp);
  EXPECT_EQ(rows(record), (Strings{"1|" + least + "|" + least, "2|" + most + "|" + most}));
}

TEST_P(ValueTest, capabilities_say_what_dates_can_be) {
  open();
  const auto& limits = destination().capabilities().values;
  EXPECT_LE(limits.min_date, -2'440'588) << "PostgreSQL's first day, 4714-11-24 BC";
  const auto schema = table("days", {{"id", int4, key}, {"d", {Layout::date}}});
  const auto record = create(schema, {{1, limits.min_date}, {2, limits.max_date}});
  EXPECT_EQ(rows(record), (Strings{"1|" + std::to_string(limits.min_date), "2|" + std::to_string(limits.max_date)}));
}

INSTANTIATE_TEST_SUITE_P(Contract, ValueTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract
