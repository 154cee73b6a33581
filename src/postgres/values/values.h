// Parsers that turn PostgreSQL's text and binary forms into values of columns. Snapshot and stream use the same
// mapping.
//
// Every parser takes the whole input or reports why it cannot; it rounds, truncates and guesses nothing. It appends
// exactly one value to the column: the value itself, or an overflow (NULL here, PostgreSQL's text beside it) if the
// column's type cannot hold it. Overflows are numeric NaN, more digits than the scale, a timestamp that the destination
// lacks, an infinite interval, an empty bit string, an array that is not one-dimensional from 1 on, and text of a
// SQL_ASCII server that is not UTF-8 (stored_text in value_text.h gives its bytes as hex digits). A nested value of
// which one part cannot be held goes to the overflow column as a whole. So does a composite that does not have the
// known attributes, because no message reports that its type was altered.
//
// Text is expected in the form that a session with DateStyle=ISO, IntervalStyle=postgres, TimeZone=UTC,
// bytea_output=hex and extra_float_digits=3 sends (postgres/connection/session.h sets all of them). It is UTF-8, or in
// the encoding that ParseOptions::text converts from.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/column.h"
#include "model/source_type.h"

namespace walbrook {
class SourceText;
}  // namespace walbrook

namespace walbrook::postgres {

enum class ParseStatus {
  ok,          // the value, or an overflow, was appended
  malformed,   // nothing was appended: these bytes are not a value of that type
  needs_text,  // nothing was appended: an overflow that only PostgreSQL's text form can describe
};

// A label of an enum that a parser has met for the first time.
struct NewLabel {
  Oid type = 0;  // the enum's
  std::string label;
  std::set<std::string, std::less<>>* known = nullptr;  // the parser's: labels in it are not reported again
};

// How values are parsed.
struct ParseOptions {
  ValueLimits limits{};                     // what the columns can hold
  const SourceText* text = nullptr;         // borrowed: converts the source's text; nullptr: it arrives as UTF-8
  std::vector<NewLabel>* labels = nullptr;  // borrowed: parsers of enums add to it; nullptr: they do not
};

// The parser of a scalar.
using Parser = ParseStatus (*)(std::string_view bytes, const ParseOptions& options, Column& out);

// The parser of an array, a composite or an hstore, which parses the parts with their own parsers.
class NestedParser {
 public:
  NestedParser() = default;
  NestedParser(const NestedParser&) = delete;
  NestedParser& operator=(const NestedParser&) = delete;
  virtual ~NestedParser() = default;
  [[nodiscard]] virtual ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const = 0;
};

// Parses the values of one column. It is built once and called as a function. It may be empty (equal to nullptr); then
// it must not be called.
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

// The parsers for a column, chosen by the source type with its domains resolved and by the column's physical type. The
// binary one is empty if has_binary_parser(type) is false, if the column is a text although physical_type() has a
// better layout for the type, or if the column is wider than the type. Both are empty if the layout is neither the
// type's own, nor a text, nor wider.
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
