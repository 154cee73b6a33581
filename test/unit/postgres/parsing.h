// Passes one value through its parser, for the golden tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "model/source_type.h"
#include "postgres/values/values.h"

namespace walbrook::postgres {

enum class Form { text, binary };

inline constexpr ValueLimits no_limits{
    .min_timestamp = INT64_MIN, .max_timestamp = INT64_MAX, .unconstrained_numeric_scale = 9};

inline std::string from_hex(std::string_view digits) {
  std::string bytes;
  std::string pair;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    pair.push_back(digit);
    if (pair.size() < 2) continue;
    bytes.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
    pair.clear();
  }
  return bytes;
}

inline std::string print_int128(Int128 value) {
  if (value == 0) return "0";
  std::string digits;
  const bool negative = value < 0;
  for (; value != 0; value /= 10) {
    const int digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (negative ? -digit : digit)));
  }
  return negative ? "-" + digits : digits;
}

inline PhysicalType type_of(Oid oid, std::int32_t typmod = -1) {
  return physical_type(built_in_type(oid), typmod, no_limits);
}

inline ParseStatus parse(Form form, Oid oid, std::string_view bytes, Column& out,
                         const ValueLimits& limits = no_limits) {
  const auto parsers = parsers_for(oid, false, out.type());
  return (form == Form::text ? parsers.text : parsers.binary)(bytes, {.limits = limits}, out);
}

// Returns the column after one value, which must be accepted.
inline Column parsed(Form form, Oid oid, std::string_view bytes, std::int32_t typmod = -1,
                     const ValueLimits& limits = no_limits) {
  Column column(type_of(oid, typmod));
  EXPECT_EQ(parse(form, oid, bytes, column, limits), ParseStatus::ok) << bytes;
  EXPECT_EQ(column.size(), 1U);
  return column;
}

template <class T>
T value(Form form, Oid oid, std::string_view bytes, std::int32_t typmod = -1) {
  const auto column = parsed(form, oid, bytes, typmod);
  EXPECT_FALSE(column.is_null(0)) << bytes;
  EXPECT_EQ(column.overflow_at(0), nullptr) << bytes;
  return column.value<T>(0);
}

// Returns the bytes of a value of a type of variable width.
inline std::string bytes_of(Form form, Oid oid, std::string_view bytes) {
  const auto column = parsed(form, oid, bytes);
  EXPECT_FALSE(column.is_null(0)) << bytes;
  return std::string(column.bytes_at(0));
}

// Returns the overflow text of a NULL; "no overflow" if the column held the value.
inline std::string overflow_text(Form form, Oid oid, std::string_view bytes, std::int32_t typmod = -1,
                                 const ValueLimits& limits = no_limits) {
  const auto column = parsed(form, oid, bytes, typmod, limits);
  const auto* text = column.overflow_at(0);
  EXPECT_EQ(column.is_null(0), text != nullptr);
  return text == nullptr ? "no overflow" : *text;
}

// Expects that the value is refused and nothing is appended.
inline void expect_malformed(Form form, Oid oid, std::string_view bytes, std::int32_t typmod = -1) {
  Column column(type_of(oid, typmod));
  EXPECT_EQ(parse(form, oid, bytes, column), ParseStatus::malformed) << oid << ": \"" << bytes << "\"";
  EXPECT_EQ(column.size(), 0U) << oid << ": \"" << bytes << "\"";
  EXPECT_EQ(column.data().size(), 0U);
}

}  // namespace walbrook::postgres
