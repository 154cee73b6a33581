// Text forms of arrays, composites and hstore.
//
// Parsers of arrays, composites and hstore, from the parsers of their parts. Without one of those there is none.
//
// How deep they nest is bounded by the type (max_type_depth), never by the bytes.
#pragma once

#include <vector>

#include "postgres/values/values.h"

namespace walbrook::postgres {

[[nodiscard]] ValueParser array_text_parser(ValueParser element, char delimiter);
[[nodiscard]] ValueParser record_text_parser(std::vector<ValueParser> fields);
[[nodiscard]] ValueParser hstore_text_parser();

}  // namespace walbrook::postgres
