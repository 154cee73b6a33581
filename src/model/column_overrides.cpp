#include "model/column_overrides.h"

namespace walbrook {
namespace {

constexpr int double_digits = 15;  // a double holds every integer of that many digits

// The digits that every value of an integer type fits in; 0 for other types.
int integer_digits(Layout layout) {
  switch (layout) {
    case Layout::int16:
      return 5;
    case Layout::int32:
    case Layout::uint32:
      return 10;
    case Layout::int64:
      return 19;
    case Layout::uint64:
      return 20;
    default:
      return 0;
  }
}

// The number of digits that always fit in an integer type; 0 for other types.
int room_for_digits(Layout layout) {
  switch (layout) {
    case Layout::int16:
      return 4;
    case Layout::int32:
      return 9;
    case Layout::int64:
      return 18;
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

// A numeric of at most that many digits, none of them after the point.
bool is_whole_decimal(const ColumnSchema& column, int digits) {
  return column.type.layout == Layout::decimal && !is_unconstrained_numeric(column) && column.type.scale == 0 &&
         column.type.precision <= digits;
}

bool holds_decimals(const ColumnSchema& column, const PhysicalType& type) {
  const int whole_digits = type.precision - type.scale;
  if (const int digits = integer_digits(column.type.layout)) return whole_digits >= digits;
  if (column.type.layout != Layout::decimal) return false;
  if (is_unconstrained_numeric(column)) return true;
  return type.scale >= column.type.scale && whole_digits >= column.type.precision - column.type.scale;
}

bool is_float(Layout layout) {
  return layout == Layout::float32 || layout == Layout::float64;
}

bool is_integer(Layout layout) {
  return integer_digits(layout) > 0;
}

}  // namespace

bool is_wider(const ColumnSchema& column, const PhysicalType& type) {
  const auto from = column.type.layout;
  if (column.type == type) return true;
  switch (type.layout) {
    case Layout::utf8:
      return true;
    case Layout::decimal:
      return holds_decimals(column, type);
    case Layout::float32:
      return from == Layout::int16;
    case Layout::float64:
      return from == Layout::float32 || from == Layout::int16 || from == Layout::int32 || from == Layout::uint32 ||
             is_whole_decimal(column, double_digits);
    default:
      return is_wider_integer(from, type.layout) || is_whole_decimal(column, room_for_digits(type.layout));
  }
}

std::string why_not_wider(const ColumnSchema& column, const PhysicalType& type) {
  const auto from = column.type.layout;
  if (type.layout == Layout::decimal && (is_integer(from) || from == Layout::decimal)) {
    return "some have more digits before or after the point";
  }
  if (type.layout == Layout::decimal && is_float(from)) return "NaN, infinity and exponents are not decimals";
  if (is_float(type.layout) && is_integer(from)) {
    return type.layout == Layout::float64 ? "integers above 2^53 would be rounded"
                                          : "integers above 2^24 would be rounded";
  }
  if (is_float(type.layout) && from == Layout::decimal)
    return "a binary fraction is not the decimal one, it is rounded";
  if (type.layout == Layout::float32 && from == Layout::float64) return "digits would be rounded";
  if (is_integer(type.layout) && is_integer(from)) {
    return type.layout == Layout::uint64 ? "it has no negative numbers" : "larger numbers do not fit";
  }
  if (is_integer(type.layout) && from == Layout::decimal) return "larger numbers and digits after the point do not fit";
  if (is_integer(type.layout) && is_float(from)) return "fractions, NaN and infinity are not integers";
  return "its values are of another kind, and a conversion would change what they mean";
}

void apply_overrides(TableSchema& schema, const ResolvedOverrides& overrides) {
  for (auto& column : schema.columns) {
    const auto found = overrides.find(column.name);
    if (found == overrides.end()) continue;
    const auto& asked_for = found->second;
    if (asked_for.name) column.target = *asked_for.name == column.name ? "" : *asked_for.name;
    if (asked_for.description) column.description = *asked_for.description;
    if (!asked_for.type || *asked_for.type == column.type || !is_wider(column, *asked_for.type)) continue;
    column.binary = column.binary && column.type.layout == asked_for.type->layout;
    column.type = *asked_for.type;
    column.widened = true;
  }
}

ResolvedOverrides recorded_overrides(const TableSchema& schema) {
  ResolvedOverrides overrides;
  for (const auto& column : schema.columns) {
    ResolvedOverride asked_for;
    if (!column.target.empty()) asked_for.name = column.target;
    if (column.widened) asked_for.type = column.type;
    if (!column.description.empty()) asked_for.description = column.description;
    if (asked_for != ResolvedOverride{}) overrides.emplace(column.name, std::move(asked_for));
  }
  return overrides;
}

ResolvedOverrides overlaid(ResolvedOverrides newer, const ResolvedOverrides& older) {
  for (const auto& [column, before] : older) {
    auto& asked_for = newer[column];
    if (!asked_for.name) asked_for.name = before.name;
    if (!asked_for.type) asked_for.type = before.type;
    if (!asked_for.description) asked_for.description = before.description;
  }
  return newer;
}

}  // namespace walbrook
