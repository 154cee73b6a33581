// Values from the wire into columns, from PostgreSQL's text and binary forms: one mapping for snapshot and stream.
//
// Every parser takes the whole input or says why not; nothing is rounded, truncated or guessed. It appends exactly one
// value to the column: the value, or an overflow (NULL here, PostgreSQL's text beside it) when the column's type cannot
// hold it (numeric NaN, more digits than the scale, a timestamp that the destination lacks, an infinite interval, text
// of a SQL_ASCII server that is not UTF-8: its bytes escaped as utf8.h says; an empty bit string; an array that is not
// one-dimensional from 1 on). A nested value of which one part cannot be held goes to the overflow column as a whole.
// So is a composite that does not have the attributes that are known: no message tells that its type was altered.
//
// Text is expected as a session with DateStyle=ISO, IntervalStyle=postgres, TimeZone=UTC, bytea_output=hex,
// extra_float_digits=3 and client_encoding=UTF8 sends it (postgres/connection/connection.h sets all of them).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "model/column.h"
#include "model/source_type.h"

namespace walbrook {
class SourceText;
}  // namespace walbrook

namespace walbrook::postgres {

enum class ParseStatus {
  ok,          // the value, or an overflow, was appended
  malformed,   // nothing was appended: these bytes are no value of that type
  needs_text,  // nothing was appended: an overflow, and only PostgreSQL's text form can tell what it is
};

// How values are parsed.
struct ParseOptions {
  ValueLimits limits{};              // what the columns can hold
  const SourceText* text = nullptr;  // borrowed: how text of the source is converted; nullptr: it arrives as UTF-8
};

// Of a scalar.
using Parser = ParseStatus (*)(std::string_view bytes, const ParseOptions& options, Column& out);

// Of an array, a composite or an hstore: parses the parts with parsers of their own.
class NestedParser {
 public:
  NestedParser() = default;
  NestedParser(const NestedParser&) = delete;
  NestedParser& operator=(const NestedParser&) = delete;
  virtual ~NestedParser() = default;
  [[nodiscard]] virtual ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const = 0;
};

// How the values of one column are parsed; built once, called as a function. May be none.
class ValueParser {
 public:
  ValueParser(Parser scalar = nullptr) : scalar_(scalar) {}  // NOLINT(google-explicit-constructor): it is one
  explicit ValueParser(std::shared_ptr<const NestedParser> nested) : nested_(std::move(nested)) {}

  ParseStatus operator()(std::string_view bytes, const ParseOptions& options, Column& out) const {
    return scalar_ != nullptr ? scalar_(bytes, options, out) : nested_->parse(bytes, options, out);
  }
  friend bool operator==(const ValueParser& parser, std::nullptr_t) {
    return parser.scalar_ == nullptr && parser.nested_ == nullptr;
  }

 private:
  Parser scalar_ = nullptr;
  std::shared_ptr<const NestedParser> nested_;
};

// The parsers for a column: by the source type under its domains and by the column's physical type. The binary one is
// none where has_binary_parser(type) is false, and where the column is a text although physical_type() has a better
// layout for it or the column is wider than the type; both are where the layout is neither the type's own, nor a text,
// nor wider.
struct Parsers {
  ValueParser text;
  ValueParser binary;
};
[[nodiscard]] Parsers parsers_for(const SourceType& source, const PhysicalType& type);
[[nodiscard]] inline Parsers parsers_for(Oid base_oid, bool is_enum, const PhysicalType& type) {
  auto source = built_in_type(base_oid);
  source.is_enum = is_enum;
  return parsers_for(source, type);
}

}  // namespace walbrook::postgres
