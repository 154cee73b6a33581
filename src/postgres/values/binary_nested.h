// Binary forms of arrays, composites and hstore. They hold the binary forms of their parts, each preceded by its
// length.
//
// The parsers are built from the parsers of the parts. If a part has no parser, the whole has none.
//
// How deeply values nest is limited by the type (max_type_depth), never by the bytes.
#pragma once

#include <vector>

#include "postgres/values/values.h"

namespace walbrook::postgres {

// A parser for values that are preceded by their type's OID.
struct TypedParser {
  Oid oid = 0;
  ValueParser parser;
};

[[nodiscard]] ValueParser array_binary_parser(ValueParser element, Oid element_oid);
[[nodiscard]] ValueParser record_binary_parser(std::vector<TypedParser> fields);
[[nodiscard]] ValueParser hstore_binary_parser();

}  // namespace walbrook::postgres
