// Binary forms of arrays, composites and hstore. They hold the binary forms of their parts, each behind its length.
//
// Parsers of arrays, composites and hstore, from the parsers of their parts. Without one of those there is none.
//
// How deep they nest is bounded by the type (max_type_depth), never by the bytes.
#pragma once

#include <vector>

#include "postgres/values/values.h"

namespace walbrook::postgres {

// A parser for values that come with their type's OID before them.
struct TypedParser {
  Oid oid = 0;
  ValueParser parser;
};

[[nodiscard]] ValueParser array_binary_parser(ValueParser element, Oid element_oid);
[[nodiscard]] ValueParser record_binary_parser(std::vector<TypedParser> fields);
[[nodiscard]] ValueParser hstore_binary_parser();

}  // namespace walbrook::postgres
