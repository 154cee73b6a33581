// Values from the wire into columns, from PostgreSQL's text and binary forms: one mapping for snapshot and stream.
//
// Every parser takes the whole input or says why not; nothing is rounded, truncated or guessed. It appends exactly one
// value to the column: the value, or a variant (NULL here, PostgreSQL's text beside it) when the column's type cannot
// hold it (numeric NaN, more digits than the scale, a timestamp that the destination lacks, an infinite interval, text
// of a SQL_ASCII server that is not UTF-8: its bytes escaped as utf8.h says).
//
// Text is expected as a session with DateStyle=ISO, IntervalStyle=postgres, TimeZone=UTC, bytea_output=hex,
// extra_float_digits=3 and client_encoding=UTF8 sends it (source/connection.h sets all of them).
#pragma once

#include <string>
#include <string_view>

#include "package/column.h"
#include "schema/source_type.h"

namespace walbrook::pgoutput {

enum class ParseStatus {
  ok,         // the value, or a variant, was appended
  malformed,  // nothing was appended: these bytes are no value of that type
};

using Parser = ParseStatus (*)(std::string_view bytes, const ValueLimits& limits, Column& out);

// The parsers for a column: by the source type under its domains and by the column's physical type. The binary one is
// nullptr where has_binary_parser(type) is false, and where the column is a text although physical_type() has a better
// layout for it; both are where the layout is neither the type's own nor a text.
struct Parsers {
  Parser text = nullptr;
  Parser binary = nullptr;
};
[[nodiscard]] Parsers parsers_for(Oid base_oid, bool is_enum, PhysicalType type);

}  // namespace walbrook::pgoutput
