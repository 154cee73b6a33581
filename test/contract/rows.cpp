#include "test/contract/rows.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace walbrook::contract {
namespace {

template <class Number>
void append_number(Column& column, Number number) {
  switch (column.type().layout) {
    case Layout::boolean:
      return column.append(static_cast<std::uint8_t>(number != 0));
    case Layout::int16:
      return column.append(static_cast<std::int16_t>(number));
    case Layout::int32:
    case Layout::date:
      return column.append(static_cast<std::int32_t>(number));
    case Layout::uint32:
      return column.append(static_cast<std::uint32_t>(number));
    case Layout::int64:
    case Layout::time:
    case Layout::timestamp:
    case Layout::timestamp_tz:
      return column.append(static_cast<std::int64_t>(number));
    case Layout::uint64:
      return column.append(static_cast<std::uint64_t>(number));
    case Layout::float32:
      return column.append(static_cast<float>(number));
    case Layout::float64:
      return column.append(static_cast<double>(number));
    case Layout::decimal:
      return column.append(static_cast<Int128>(number));
    default:
      throw std::logic_error("a number for a column that has none");
  }
}

void append_value(Column& column, const Cell& cell);

void append_parts(Column& column, const Parts& parts) {
  auto& children = column.children();
  for (std::size_t i = 0; i < parts.cells.size(); ++i) append_value(children[i % children.size()], parts.cells[i]);
  if (column.type().layout == Layout::structure) {
    column.close_structure();
  } else {
    column.close_list();
  }
}

void append_value(Column& column, const Cell& cell) {
  std::visit(
      [&](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, Null> || std::is_same_v<Value, Unchanged>) {
          column.append_null();
        } else if constexpr (std::is_same_v<Value, OverflowText>) {
          column.append_overflow(value.text);
        } else if constexpr (std::is_same_v<Value, std::string>) {
          column.append_bytes(value);
        } else if constexpr (std::is_same_v<Value, TimeTz> || std::is_same_v<Value, Interval>) {
          column.append(value);
        } else if constexpr (std::is_same_v<Value, Parts>) {
          append_parts(column, value);
        } else {
          append_number(column, value);
        }
      },
      cell);
}

void append_cell(RowBatch& batch, std::size_t at, const Cell& cell) {
  Column& column = batch.columns[at];
  if (std::holds_alternative<Unchanged>(cell)) batch.mark_unchanged(column.size(), at);
  append_value(column, cell);
}

Parts parts_of(const Column& column, std::size_t row) {
  Parts parts;
  const auto& children = column.children();
  if (column.type().layout == Layout::structure) {
    for (const auto& field : children) parts.cells.push_back(cell_of(field, row));
    return parts;
  }
  const auto end = static_cast<std::size_t>(column.offsets()[row + 1]);
  for (auto at = static_cast<std::size_t>(column.offsets()[row]); at < end; ++at) {
    for (const auto& part : children) parts.cells.push_back(cell_of(part, at));
  }
  return parts;
}

std::string number_text(double number) {
  if (std::isnan(number)) return "nan";  // all NaNs are equal
  return fmt::format("{}", number);
}

std::string number_text(Int128 number) {
  const bool is_negative = number < 0;
  std::string digits;
  do {
    const auto digit = static_cast<int>(number % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (is_negative ? -digit : digit)));
    number /= 10;
  } while (number != 0);
  return (is_negative ? "-" : "") + digits;
}

std::string parts_text(const Parts& parts) {
  std::string text;
  for (const auto& cell : parts.cells) text += (text.empty() ? "" : ", ") + to_text(cell);
  return "[" + text + "]";
}

}  // namespace

Cell cell_of(const Column& column, std::size_t row) {
  if (const auto* overflow = column.overflow_at(row)) return OverflowText{*overflow};
  if (column.is_null(row)) return Null{};
  switch (column.type().layout) {
    case Layout::boolean:
      return column.value<std::uint8_t>(row) != 0;
    case Layout::int16:
      return std::int64_t{column.value<std::int16_t>(row)};
    case Layout::int32:
    case Layout::date:
      return std::int64_t{column.value<std::int32_t>(row)};
    case Layout::int64:
    case Layout::time:
    case Layout::timestamp:
    case Layout::timestamp_tz:
      return column.value<std::int64_t>(row);
    case Layout::uint32:
      return std::uint64_t{column.value<std::uint32_t>(row)};
    case Layout::uint64:
      return column.value<std::uint64_t>(row);
    case Layout::float32:
      return double{column.value<float>(row)};
    case Layout::float64:
      return column.value<double>(row);
    case Layout::decimal:
      return column.value<Int128>(row);
    case Layout::time_tz:
      return column.value<TimeTz>(row);
    case Layout::interval:
      return column.value<Interval>(row);
    case Layout::list:
    case Layout::structure:
    case Layout::map:
      return parts_of(column, row);
    default:
      return std::string(column.bytes_at(row));
  }
}

Cell as_held(const Cell& cell, const PhysicalType& type) {
  Column column(type);
  append_value(column, cell);
  return cell_of(column, 0);
}

std::string to_text(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> std::string {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, Null>) {
          return "-";
        } else if constexpr (std::is_same_v<Value, Unchanged>) {
          return "(unchanged)";
        } else if constexpr (std::is_same_v<Value, OverflowText>) {
          return "~" + value.text;
        } else if constexpr (std::is_same_v<Value, bool>) {
          return value ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, std::string>) {
          return value;
        } else if constexpr (std::is_same_v<Value, TimeTz>) {
          return fmt::format("{} us at {} s", value.microseconds, value.offset_seconds);
        } else if constexpr (std::is_same_v<Value, Interval>) {
          return fmt::format("{} months {} days {} us", value.months, value.days, value.microseconds);
        } else if constexpr (std::is_same_v<Value, Parts>) {
          return parts_text(value);
        } else if constexpr (std::is_same_v<Value, double> || std::is_same_v<Value, Int128>) {
          return number_text(value);
        } else {
          return std::to_string(value);
        }
      },
      cell);
}

TableSchemaRef table(std::string name, std::initializer_list<ColumnSpec> columns, Oid oid) {
  auto schema = std::make_shared<TableSchema>();
  schema->oid = oid;
  schema->schema = "public";
  schema->name = std::move(name);
  schema->identity = ReplicaIdentity::full;
  for (const auto& column : columns) {
    schema->columns.push_back({.name = column.name, .in_key = column.in_key, .type = column.type});
    if (column.in_key) schema->identity = ReplicaIdentity::key;
  }
  return schema;
}

void append(RowBatch& batch, Op op, const std::vector<Cell>& cells) {
  if (cells.size() != batch.columns.size()) throw std::logic_error("a row with another number of cells than columns");
  for (std::size_t c = 0; c < cells.size(); ++c) append_cell(batch, c, cells[c]);
  batch.finish_row(op, 0);
}

RowBatch inserts(const TableSchemaRef& schema, const std::vector<std::vector<Cell>>& rows) {
  RowBatch batch(schema);
  for (const auto& row : rows) append(batch, Op::insert, row);
  return batch;
}

Effect::Effect(const TableSchemaRef& schema) : schema_(schema), batch_(std::make_unique<RowBatch>(schema)) {
  effect_.schema = schema;
  effect_.keyed = schema->has_key();
  effect_.inserts_only = true;
}

RowRef Effect::add(Op op, const std::vector<Cell>& row) {
  append(*batch_, op, row);
  return {batch_.get(), static_cast<std::uint32_t>(batch_->rows() - 1)};
}

Effect& Effect::insert(const std::vector<Cell>& row) {
  effect_.append.push_back(add(Op::insert, row));
  return *this;
}

Effect& Effect::remove(const std::vector<Cell>& row, std::uint32_t count) {
  effect_.inserts_only = false;
  effect_.remove.push_back({add(Op::remove, row), count});
  return *this;
}

Effect& Effect::replace(const std::vector<Cell>& row) {
  effect_.inserts_only = false;
  const auto ref = add(Op::update, row);
  effect_.remove.push_back({ref, 1});
  effect_.append.push_back(ref);
  return *this;
}

Effect& Effect::patch(const std::vector<Cell>& row, const std::vector<Cell>& origin) {
  effect_.inserts_only = false;
  const auto from = add(Op::before, origin);
  effect_.complete.push_back({add(Op::update, row), from});
  return *this;
}

std::unique_ptr<destination::CopyWriter> begin_copy(destination::Destination& destination,
                                                    const destination::OutputRecord& output,
                                                    const TableSchemaRef& schema) {
  const destination::CopyTarget target{.output = &output, .schema = schema};
  return destination.begin_copy({&target, 1});
}

void alter(destination::Destination& destination, const destination::OutputRecord& output,
           const destination::Alteration& alteration) {
  const auto transaction = destination.begin({});
  transaction->alter(output, alteration);
  transaction->commit();
}

}  // namespace walbrook::contract
