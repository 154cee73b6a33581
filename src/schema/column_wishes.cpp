#include "schema/column_wishes.h"

namespace walbrook {
namespace {

// Digits that every value of an integer type fits in; 0 of others.
int integer_digits(Layout layout) {
  switch (layout) {
    case Layout::int16:
      return 5;
    case Layout::int32:
    case Layout::uint32:
      return 10;
    case Layout::int64:
      return 19;
    default:
      return 0;
  }
}

bool is_wider_integer(Layout from, Layout to) {
  switch (from) {
    case Layout::int16:
      return to == Layout::int32 || to == Layout::int64;
    case Layout::int32:
      return to == Layout::int64;
    case Layout::uint32:
      return to == Layout::int64 || to == Layout::uint64;
    default:
      return false;
  }
}

bool is_unconstrained_numeric(const ColumnSchema& column) {
  return column.type_oid == type_oid::numeric && column.typmod < 0;
}

bool holds_decimals(const ColumnSchema& column, const PhysicalType& type) {
  const int whole_digits = type.precision - type.scale;
  if (const int digits = integer_digits(column.type.layout)) return whole_digits >= digits;
  if (column.type.layout != Layout::decimal) return false;
  if (is_unconstrained_numeric(column)) return true;
  return type.scale >= column.type.scale && whole_digits >= column.type.precision - column.type.scale;
}

}  // namespace

bool is_wider(const ColumnSchema& column, const PhysicalType& type) {
  if (column.type == type) return true;
  switch (type.layout) {
    case Layout::utf8:
      return true;
    case Layout::decimal:
      return holds_decimals(column, type);
    case Layout::float64:
      return column.type.layout == Layout::float32;
    default:
      return is_wider_integer(column.type.layout, type.layout);
  }
}

void apply_wishes(TableSchema& schema, const ColumnWishes& wishes) {
  for (auto& column : schema.columns) {
    const auto found = wishes.find(column.name);
    if (found == wishes.end()) continue;
    const auto& wish = found->second;
    if (wish.name) column.target = *wish.name == column.name ? "" : *wish.name;
    if (wish.description) column.description = *wish.description;
    if (!wish.type || *wish.type == column.type || !is_wider(column, *wish.type)) continue;
    column.binary = column.binary && column.type.layout == wish.type->layout;
    column.type = *wish.type;
    column.widened = true;
  }
}

ColumnWishes wishes_behind(const TableSchema& schema) {
  ColumnWishes wishes;
  for (const auto& column : schema.columns) {
    ColumnWish wish;
    if (!column.target.empty()) wish.name = column.target;
    if (column.widened) wish.type = column.type;
    if (!column.description.empty()) wish.description = column.description;
    if (wish != ColumnWish{}) wishes.emplace(column.name, std::move(wish));
  }
  return wishes;
}

ColumnWishes overlaid(ColumnWishes newer, const ColumnWishes& older) {
  for (const auto& [column, before] : older) {
    auto& wish = newer[column];
    if (!wish.name) wish.name = before.name;
    if (!wish.type) wish.type = before.type;
    if (!wish.description) wish.description = before.description;
  }
  return newer;
}

}  // namespace walbrook
